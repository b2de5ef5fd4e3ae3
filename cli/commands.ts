import { withHelp } from '../shared/command/program.ts';
import { apiCommands } from './api/commands.ts';
import { auditCommands } from './audit.ts';
import { connectorCommands } from './connector.ts';
import { connectorSetupCommands } from './connectorSetup.ts';
import { serverSetupCommands } from './serverSetup.ts';
import { bootstrapCommands, nodeCommands, tableCommands } from './table/commands.ts';

/** All commands, in the order in which help lists them. */
export const COMMANDS = withHelp([
  ...apiCommands,
  ...bootstrapCommands,
  ...tableCommands,
  ...nodeCommands,
  ...auditCommands,
  ...connectorCommands,
  ...connectorSetupCommands,
  ...serverSetupCommands,
]);
