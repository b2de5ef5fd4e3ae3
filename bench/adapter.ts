import { urlEvent } from '../test/bundles/events.ts';
import { type Bench, type Row, type Setting, versus } from './bench.ts';
import { type Bundle, openBundles } from './bundles.ts';
import { HOW_TO_GET_NODE_24, hasNode24 } from './node24.ts';
import { inTurns } from './rounds.ts';

/** What a path takes of the function: all of it but the table, or with a read of the table. */
const PATHS = [
  ['an answer without a read: no such path', '/v1/nothing'],
  ['a profile, with a read of the table', '/v1/creators/alice'],
] as const;

async function run(setting: Setting): Promise<Row[]> {
  const [rounds, invocations] = setting.quick ? [1, 200] : [9, 2_000];
  const { ours, bare, hono, client, run } = await openBundles(setting);
  /** Microseconds of an invocation, warm. */
  const warm = (bundle: Bundle, path: string) => async () =>
    Number(await run('warmAnswers', bundle, String(invocations), JSON.stringify(urlEvent(path))));
  const mine = ours('Answers who reads');
  const asked = PATHS[1][1];
  setting.note(`${invocations} invocations, ${rounds} rounds`);
  const measured = await inTurns(
    {
      bare: warm(bare, asked),
      hono: warm(hono, asked),
      client: warm(client, asked),
      ...Object.fromEntries(PATHS.map(([what, path]) => [what, warm(mine, path)])),
    } as Record<string, () => Promise<number>>,
    rounds,
  );
  const [document, profile] = PATHS.map(([what]) => what) as [string, string];
  return [
    versus(`public function, ${document}`, 'µs', measured[document]!, [
      'a bare hono handler',
      measured.hono!,
    ]),
    versus(`public function, ${profile}`, 'µs', measured[profile]!, [
      'a hono handler with one read',
      measured.client!,
    ]),
    versus('a bare hono handler', 'µs', measured.hono!, ['a handler without hono', measured.bare!]),
  ];
}

export const adapter: Bench = {
  name: 'adapter',
  about: 'a warm invocation of the public function over the Lambda adapter, against a bare hono handler',
  lnd: 'none',
  missing: () => (hasNode24() ? undefined : HOW_TO_GET_NODE_24),
  run,
};
