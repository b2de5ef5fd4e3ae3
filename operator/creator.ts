import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { HELP, isBadInput, readArguments, run } from './commands.ts';
import { clientConfig, failureLine, readPlace } from './config.ts';

async function main(args: string[]): Promise<void> {
  const { help, values } = readArguments(args);
  if (help) return console.log(HELP);
  const place = readPlace(values, process.env);
  const client = new DynamoDBClient(clientConfig(place));
  try {
    await run(args, {
      ledger: { client, table: place.table },
      now: () => new Date(),
      random: randomBytes,
      print: console.log,
    });
  } catch (error) {
    if (isBadInput(error)) throw error;
    console.error(failureLine(error, place));
    process.exitCode = 1;
  } finally {
    client.destroy();
  }
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = isBadInput(error) ? 2 : 1;
});
