import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { dynamoClient } from '../shared/dynamo.ts';
import {
  type Comparison,
  compareSums,
  differences,
  ItemError,
  type Ledger,
  readCreator,
  readCreators,
  replaceSums,
} from '../shared/ledger/index.ts';
import { clientConfig, PlaceError, readPlace } from '../shared/place.ts';
import { failureLine } from './failure.ts';
import { UsageError } from './words.ts';

const HELP = `npm run rebuild-totals -- [flags]: sums up the tips of every creator, and shows where the totals differ

  --handle HANDLE    of one creator alone
  --replace          put the sums of the rows in place of what differs
  --table NAME       DynamoDB table (AMPJAR_TABLE), default ampjar
  --region REGION    its region (AWS_REGION), default us-east-1
  --endpoint URL     another DynamoDB endpoint (AMPJAR_ENDPOINT)

Exit code 0 when rows and totals agree, 1 when they did not, replaced or not.
`;

const MOST_ROUNDS = 10;
/** The index of the rows may be a moment behind the totals. */
const LOOK_AGAIN_MS = 2_000;

/** Compare until no tip comes in between, and once more when something differs. */
async function settledComparison(ledger: Ledger, handle: string): Promise<Comparison> {
  let again = true;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const compared = await compareSums(ledger, handle);
    if (compared && (!again || (differences(compared).length === 0 && !compared.sequenceFault)))
      return compared;
    if (compared) again = false;
    await setTimeout(LOOK_AGAIN_MS);
  }
  throw new Error(`${handle}: tips come in faster than they can be summed up; try again when it is calmer`);
}

/** An item that can't be read leaves its creator as it is, and the others are summed up all the same. */
function unreadable(error: unknown): { reason: string } {
  if (!(error instanceof ItemError)) throw error;
  return { reason: error.message };
}

async function rebuild(ledger: Ledger, handles: AsyncIterable<string>, replace: boolean): Promise<number> {
  let creators = 0;
  let differing = 0;
  for await (const handle of handles) {
    creators++;
    const compared = await settledComparison(ledger, handle).catch(unreadable);
    if ('reason' in compared) {
      console.log(`${handle}: can't be summed up: ${compared.reason}`);
      differing++;
      continue;
    }
    const found = differences(compared);
    const { sequenceFault } = compared;
    if (sequenceFault !== undefined)
      console.log(`${handle}: sequence numbers have a fault: ${sequenceFault}`);
    for (const { of, stated, counted } of found) {
      console.log(
        `${handle}: ${of}: stated ${stated.count} tips, ${stated.amountMsat} msat; rows say ${counted.count} tips, ${counted.amountMsat} msat`,
      );
    }
    if (found.length === 0 && sequenceFault === undefined) continue;
    differing++;
    if (!replace || found.length === 0) continue;
    if (sequenceFault !== undefined)
      console.log(`${handle}: left as it is, for the next sequence number would not be sure`);
    else if (await replaceSums(ledger, compared)) console.log(`${handle}: replaced`);
    else console.log(`${handle}: a tip came in meanwhile, run it again`);
  }
  console.log(`${creators} creators, ${differing} with differences`);
  return differing > 0 ? 1 : 0;
}

async function main(args: string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      handle: text,
      table: text,
      region: text,
      endpoint: text,
      replace: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const place = readPlace(values, process.env);
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const client = dynamoClient(clientConfig(place));
  const ledger: Ledger = { client, table: place.table };
  const { handle } = values;
  async function* handles() {
    if (handle === undefined) for await (const creator of readCreators(ledger)) yield creator.handle;
    else if (await readCreator(ledger, handle)) yield handle;
    else throw new UsageError(`handle: there is no creator "${handle}"`);
  }
  try {
    return await rebuild(ledger, handles(), values.replace ?? false);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    console.error(failureLine(error, place));
    return 1;
  } finally {
    client.destroy();
  }
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: Error & { code?: string }) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(
      error instanceof UsageError || error instanceof PlaceError || error.code?.startsWith('ERR_PARSE_ARGS')
        ? 2
        : 1,
    );
  },
);
