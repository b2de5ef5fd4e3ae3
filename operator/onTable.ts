import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamoClient } from '../shared/aws/dynamo.ts';
import { clientConfig, type Place } from '../shared/place.ts';
import { failureLine } from './failure.ts';

/** A command of an operator's on a table. */
export interface OnTable {
  readonly help: string;
  /** Where the table of a command line is; undefined when help is asked for. */
  placeOf(args: readonly string[]): Place | undefined;
  run(args: readonly string[], client: DynamoDBClient, place: Place): Promise<void>;
  /** Whether an error is the asker's to mend: exit code 2, else 1. */
  isBadInput(error: unknown): boolean;
  /** Whether an error's message says all there is to say, though it is nobody's to mend. */
  isToldPlainly?(error: unknown): boolean;
}

/** Run this process' command line: whatever goes wrong ends it with one line and its exit code. */
export function runOnTable({ help, placeOf, run, isBadInput, isToldPlainly = () => false }: OnTable): void {
  const main = async (args: readonly string[]) => {
    const place = placeOf(args);
    if (!place) return console.log(help);
    // Which Node the SDK asks for from 2027 on is for package.json to settle, not for each command to repeat.
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
    const client = dynamoClient(clientConfig(place));
    try {
      await run(args, client, place);
    } catch (error) {
      if (isBadInput(error) || isToldPlainly(error)) throw error;
      console.error(failureLine(error, place));
      process.exitCode = 1;
    } finally {
      client.destroy();
    }
  };
  main(process.argv.slice(2)).catch((error: Error) => {
    console.error(error.message);
    process.exitCode = isBadInput(error) ? 2 : 1;
  });
}
