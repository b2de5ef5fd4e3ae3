import { statSync } from 'node:fs';
import { apiEvent, scheduleEvent, urlEvent } from '../test/bundles/events.ts';
import { type Bench, judged, type Row, type Setting, versus } from './bench.ts';
import { type Bundle, openBundles } from './bundles.ts';
import { HOW_TO_GET_NODE_24, hasNode24 } from './node24.ts';
import { inTurns } from './rounds.ts';

/** What a cold start of the public function may cost, by that of what it can't do without. */
const MOST = 1.15;

/** The functions by the beginning of their descriptions, and an event whose answer takes a read of the table. */
const functionsWith = (token: string): Record<string, [description: string, event: object]> => ({
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
  const rounds = setting.quick ? 3 : 31;
  const { ours, bare, hono, client, token, run } = await openBundles(setting);
  /** Milliseconds from the import of a bundle to its first answer, in a new process. */
  const first = (bundle: Bundle, event: object) => async () => {
    const { ms, status = 200 } = JSON.parse(await run('firstAnswer', bundle, JSON.stringify(event)));
    if (status !== 200) throw new Error(`${bundle.file} answered ${status}`);
    return ms as number;
  };
  const functions = Object.entries(functionsWith(token)).map(([name, [description, event]]) => ({
    name,
    bundle: ours(description),
    event,
  }));
  const asked = urlEvent('/v1/creators/alice');
  const contestants: Record<string, () => Promise<number>> = {
    bare: first(bare, asked),
    hono: first(hono, asked),
    client: first(client, asked),
    ...Object.fromEntries(functions.map(({ name, bundle, event }) => [name, first(bundle, event)])),
  };
  setting.note(`${Object.keys(contestants).length} bundles, ${rounds} rounds`);
  const measured = await inTurns(contestants, rounds);
  const against = (name: string, rival: string, called: string) =>
    versus(`import and first answer, ${name}`, 'ms', measured[name]!, [called, measured[rival]!]);
  const kB = ({ file }: Bundle) => [statSync(file).size / 1000];
  return [
    judged(against('public', 'client', 'hono and client'), { atMost: MOST }),
    against('public', 'hono', 'hono alone'),
    against('public', 'bare', 'a bare handler'),
    ...functions.slice(1).map(({ name }) => against(name, 'client', 'hono and client')),
    ...functions.map(({ name, bundle }) =>
      versus(`size of the bundle, ${name}`, 'kB', kB(bundle), ['hono and client', kB(client)]),
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
