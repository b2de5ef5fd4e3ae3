import { randomBytes } from 'node:crypto';
import { readPlace } from '../shared/place.ts';
import { HELP, isBadInput, readArguments, run } from './keyCommands.ts';
import { runOnTable } from './onTable.ts';

runOnTable({
  help: HELP,
  placeOf(args) {
    const { help, values } = readArguments(args);
    return help ? undefined : readPlace(values, process.env);
  },
  run: (args, client, { table }) =>
    run(args, {
      ledger: { client, table },
      now: () => new Date(),
      random: randomBytes,
      print: console.log,
    }),
  isBadInput,
});
