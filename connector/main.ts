import { runProgram, withHelp } from '../shared/command/program.ts';
import { connectorCommands } from './commands.ts';

/**
 * The program `ampjar` with the connector's commands alone, for hosts and containers that have nothing else. Without a command it
 * runs: so do the units that earlier releases wrote.
 */
const args = process.argv.slice(2);
const runs = args[0] === undefined || args[0].startsWith('-');
await runProgram(withHelp(connectorCommands), runs ? ['connector', 'run', ...args] : args);
