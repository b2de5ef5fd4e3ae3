import { tableCommands } from '../../../cli/table/commands.ts';
import { readWanted } from '../../../cli/table/restore.ts';
import { readArguments } from '../../../shared/command/arguments.ts';

/** What `ampjar table restore` is asked by flags. @throws UsageError */
export function wanted(flags: readonly string[]) {
  const asked = readArguments(tableCommands, ['table', 'restore', ...flags]);
  if (asked.help) throw new Error('asked for help');
  return readWanted(asked.values as Parameters<typeof readWanted>[0], {});
}
