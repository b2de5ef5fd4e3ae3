import { COMMANDS } from '../cli/commands.ts';
import { runProgram } from '../shared/command/program.ts';

// The units that earlier releases wrote start this file; `ampjar server setup` writes ones that don't.
await runProgram(COMMANDS, ['server', 'run', ...process.argv.slice(2)]);
