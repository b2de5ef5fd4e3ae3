import { setTimeout } from 'node:timers/promises';
import { dynamoClient } from '../shared/dynamo.ts';
import { clientConfig, isOnLoopback } from '../shared/place.ts';
import { failureLine } from './failure.ts';
import { HELP, isBadInput, readArguments, run } from './restoreCommand.ts';

async function main(args: string[]): Promise<void> {
  const wanted = readArguments(args, process.env);
  if (!wanted) return console.log(HELP);
  const { place } = wanted;
  // Which Node the SDK asks for from 2027 on is for package.json to settle, not for each command to repeat.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const client = dynamoClient(clientConfig(place));
  try {
    await run(wanted, {
      client,
      onLoopback: isOnLoopback(place),
      sleep: setTimeout,
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
