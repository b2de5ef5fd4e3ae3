import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { addCreator, createKey, tableDefinition } from '../shared/ledger/index.ts';
import { apiEvent, scheduleEvent, urlEvent } from '../test/bundles/events.ts';
import { NODE_24 } from '../test/bundles/node24.ts';
import { synthesiseFunctions } from '../test/bundles/synthesised.ts';
import { type Bench, judged, type Row, type Setting, versus } from './bench.ts';
import { startChild } from './child.ts';
import { bundleRivals } from './lambdaRivals.ts';
import { HOW_TO_GET_NODE_24, hasNode24 } from './node24.ts';
import type { Table } from './processes/table.ts';
import { remoteLedger, TABLE } from './remote.ts';
import { inTurns } from './rounds.ts';

const MEASURE = fileURLToPath(new URL('./processes/firstAnswer.mjs', import.meta.url));
/** What a cold start of the public function may cost, by that of what it can't do without. */
const MOST = 1.15;

/** The functions by the beginning of their descriptions, and an event whose answer takes a read of the table. */
const functionsWith = (token: string) => ({
  public: ['Answers who reads', urlEvent('/v1/creators/alice')],
  lnurl: ['Answers wallets', urlEvent('/.well-known/lnurlp/alice')],
  manage: [
    'The creator’s API',
    apiEvent('/v1/manage/creators/alice', { headers: { authorization: `Bearer ${token}` } }),
  ],
  settled: ['Hands settled tips on', scheduleEvent],
  deliver: ['Posts webhooks', scheduleEvent],
  watch: ['Measures how', scheduleEvent],
});

async function run(setting: Setting): Promise<Row[]> {
  const { quick, folder, defer, note } = setting;
  const rounds = quick ? 3 : 31;
  const table = await startChild<Table>('table', { dir: folder('table') });
  defer(() => table.stop());
  const endpoint = await table.ask('endpoint');
  const ledger = remoteLedger(endpoint);
  defer(async () => ledger.client.destroy());
  await ledger.client.send(new CreateTableCommand(tableDefinition(TABLE)));
  await addCreator(ledger, { handle: 'alice', name: 'Alice', shows: 'messages' }, new Date());
  const owner = { handle: 'alice', scope: 'read', name: 'bench' } as const;
  const { token } = await createKey(ledger, owner, new Date(), randomBytes);

  note('synthesising');
  const synthesised = await synthesiseFunctions();
  defer(async () => synthesised.remove());
  const rivals = await bundleRivals(folder('rivals'));

  const environment = {
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_LAMBDA_FUNCTION_NAME: 'bench',
    TABLE_NAME: TABLE,
  };
  const stands = (_: unknown, variable: string) =>
    /URL$/.test(variable) ? 'https://queue.invalid/0/q' : 'live.invalid';

  /** Milliseconds from the import of a bundle to its first answer, in a new process. */
  const first = (file: string, event: object, env: Record<string, string>) => async () => {
    const { stdout } = await promisify(execFile)(
      NODE_24,
      [MEASURE, pathToFileURL(file).href, JSON.stringify(event)],
      { env: { ...env, ...environment } },
    );
    const { ms, status = 200 } = JSON.parse(stdout.slice(stdout.lastIndexOf('\n')));
    if (status !== 200) throw new Error(`${file} answered ${status}`);
    return ms as number;
  };
  const functions = Object.entries(functionsWith(token)).map(([name, [description, event]]) => {
    const { code, environment } = synthesised.deployed(description as string, stands);
    return { name, file: join(code, 'index.mjs'), event: event as object, environment };
  });
  const asked = urlEvent('/v1/creators/alice');
  const contestants: Record<string, () => Promise<number>> = {
    bare: first(rivals.bare, asked, {}),
    hono: first(rivals.hono, asked, {}),
    client: first(rivals.client, asked, {}),
    ...Object.fromEntries(
      functions.map(({ name, file, event, environment }) => [name, first(file, event, environment)]),
    ),
  };
  note(`${Object.keys(contestants).length} bundles, ${rounds} rounds`);
  const measured = await inTurns(contestants, rounds);
  const against = (name: string, rival: string, called: string) =>
    versus(`import and first answer, ${name}`, 'ms', measured[name]!, [called, measured[rival]!]);
  const kB = (file: string) => [statSync(file).size / 1000];
  return [
    judged(against('public', 'client', 'hono and client'), { atMost: MOST }),
    against('public', 'hono', 'hono alone'),
    against('public', 'bare', 'a bare handler'),
    ...functions.slice(1).map(({ name }) => against(name, 'client', 'hono and client')),
    ...functions.map(({ name, file }) =>
      versus(`size of the bundle, ${name}`, 'kB', kB(file), ['hono and client', kB(rivals.client)]),
    ),
  ];
}

export const coldstart: Bench = {
  name: 'coldstart',
  about: 'import and first answer of each function under Node 24, against hono and the DynamoDB client alone',
  lnd: 'none',
  missing: () => (hasNode24() ? undefined : HOW_TO_GET_NODE_24),
  run,
};
