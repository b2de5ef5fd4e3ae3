import { connectorCommands } from '../connector/commands.ts';
import { committedCommands } from '../functions/commands.ts';
import { deployCommands } from '../infra/commands.ts';
import { devCommands, serverCommands } from '../local/commands.ts';
import { withHelp } from '../shared/command/program.ts';
import { widgetCommands } from '../widget/commands.ts';
import { apiCommands } from './api/commands.ts';
import { bootstrapCommands, nodeCommands, tableCommands } from './table/commands.ts';

/** All commands, in the order in which help lists them. Each imports what it works with when it runs. */
export const COMMANDS = withHelp([
  ...apiCommands,
  ...bootstrapCommands,
  ...tableCommands,
  ...nodeCommands,
  ...connectorCommands,
  ...serverCommands,
  ...deployCommands,
  ...devCommands,
  ...widgetCommands,
  ...committedCommands,
]);
