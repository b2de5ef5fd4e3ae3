import { randomBytes } from 'node:crypto';
import { isOnLoopback, readPlace } from '../shared/place.ts';
import { HELP, isBadInput, isCollision, readArguments, run } from './creatorCommands.ts';
import { runOnTable } from './onTable.ts';

runOnTable({
  help: HELP,
  placeOf(args) {
    const { help, values } = readArguments(args);
    return help ? undefined : readPlace(values, process.env);
  },
  run: (args, client, place) =>
    run(args, {
      ledger: { client, table: place.table },
      onLoopback: isOnLoopback(place),
      now: () => new Date(),
      random: randomBytes,
      print: console.log,
    }),
  isBadInput,
  isToldPlainly: isCollision,
});
