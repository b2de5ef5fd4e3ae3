import { runProgram } from '../shared/command/program.ts';
import { COMMANDS } from './commands.ts';

await runProgram(COMMANDS, process.argv.slice(2));
