import { setTimeout } from 'node:timers/promises';
import { isOnLoopback } from '../shared/place.ts';
import { runOnTable } from './onTable.ts';
import { HELP, isBadInput, readArguments, run } from './restoreCommand.ts';

runOnTable({
  help: HELP,
  placeOf: (args) => readArguments(args, process.env)?.place,
  run: (args, client, place) =>
    run(readArguments(args, process.env)!, {
      client,
      onLoopback: isOnLoopback(place),
      sleep: setTimeout,
      random: Math.random,
      print: console.log,
    }),
  isBadInput,
});
