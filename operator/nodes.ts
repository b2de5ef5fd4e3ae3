import { readPlace } from '../shared/place.ts';
import { isCollision } from './creatorCommands.ts';
import { HELP, isBadInput, readArguments, run } from './nodeCommands.ts';
import { runOnTable } from './onTable.ts';

runOnTable({
  help: HELP,
  placeOf(args) {
    const { help, values } = readArguments(args);
    return help ? undefined : readPlace(values, process.env);
  },
  run: (args, client, { table }) =>
    run(args, { ledger: { client, table }, now: () => new Date(), print: console.log }),
  isBadInput,
  isToldPlainly: isCollision,
});
