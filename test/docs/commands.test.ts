import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandLine, commandLines, pages } from './commandLines.ts';
import { mayBeApart, type Newcomer, newcomer, type Started } from './newcomer.ts';

/** What can't be typed here, and why. A pattern that no line has any more is a mistake. */
const ELSEWHERE: [pattern: RegExp, reason: string][] = [
  [/\.\.\.|…|\b(EXPORT|NAME|BUCKET|TABLE|ID|URL)\b/, 'has a gap that only who types it can fill'],
  [/^npm ci$|npm test|npm run test:|npm run bench/, 'runs suites or benches, this one among them'],
  [
    /npm run deploy|npx cdk |^export AWS_|^aws |--region|s3:\/\//,
    'needs an AWS account; test/deploy has an emulated one',
  ],
  [
    /ampjar (connector|server|table|nodes|deploy|dev)\b/,
    'needs lnd, AWS or systemd, or is typed by its short name; their suites and test/regtest have them',
  ],
  [/^(chown|docker|systemctl) |\/(var|srv)\//, 'changes the host'],
  [/^lncli deletemacaroonid/, 'ends a macaroon of the reader’s own lnd; test/regtest ends one'],
  [/\brotate /, 'an invoice that is younger than a minute stays; test/cli has the time'],
  [/creators add alice/, 'on a deployed table, which has no alice; bob is added on npm start’s'],
];

const isTyped = ({ text }: CommandLine) => !ELSEWHERE.some(([pattern]) => pattern.test(text));

interface Lasting {
  readonly pattern: RegExp;
  /** What it prints once it is up. */
  readonly up: RegExp;
}

/** What goes on until it is stopped: on play money, and beside an lnd, where nobody can be told how to pay. */
const SITE: Lasting = { pattern: /npm start(?!.* --lnd)/s, up: /tip her/ };
const SITE_ON_LND: Lasting = { pattern: /npm start/, up: /"msg":"leading"/ };
const LASTING = [
  SITE,
  SITE_ON_LND,
  { pattern: /npm run (table|node) -- --data/, up: /127\.0\.0\.1|localhost/ },
];

/** A node on lnd's own port with its files in this folder, as the reader of a page with `lncli` has one. */
const NODE_BESIDE = 'npm run node -- --data home/lnd --port 10009';
const NODE_FILES = `
cp home/lnd/jar/tls.cert home/lnd/jar/admin.macaroon .
lncli() { node --import tsx test/docs/lncli.ts "$@"; }`;

/** Tips enough for a page that names one by its number. */
const TIPS = `
request=$(curl -sf http://127.0.0.1:8080/v1/creators/alice/invoice.txt)
seq 40 | xargs -I{} curl -sf http://127.0.0.1:8080/dev/payments -H 'Content-Type: application/json' \\
  -d '{"paymentRequest":"'$request'","amountMsat":"21000"}'
until curl -sf http://127.0.0.1:8080/v1/creators/alice/tips?limit=1 | grep -q '"amountMsat":"21000"'; do sleep 0.1; done`;

/** As docs/cli.md says. */
const KEY = 'export AMPJAR_KEY=$(cat data/operator.key)';

/** Ids in the pages are examples: who types a line puts in the one that came out before, which has the same form. */
const IDS: { inPage: RegExp; printed: RegExp }[] = [
  { inPage: /\bwe_[\w-]{22}/, printed: /\bwe_[\w-]{22}/g },
  { inPage: /\bkey_[0-9A-Za-z]{16}\b/, printed: /\bkey_[0-9A-Za-z]{16}\b/g },
  {
    inPage: /(?<=\boptions (label|rotate|remove) )[0-9a-z]{10}\b/,
    printed: /\b(?=[a-z]*\d)[0-9a-z]{10}\b/g,
  },
];

const newest = (pattern: RegExp, texts: readonly string[]): string | undefined =>
  texts.map((text) => text.match(pattern)?.at(-1)).find(Boolean);

/** An answer but for what differs from one to the next. */
const alike = (json: string): unknown =>
  JSON.parse(json, (name, each) => {
    if (name === 'id') return 'an id';
    return typeof each === 'string' && /^\d{4}-\d\d-\d\dT/.test(each) ? 'a time' : each;
  });

const apart = mayBeApart();
if (!apart)
  console.error('suite left out: the pages’ commands, for this user may make no namespaces. Be root');

const everyLine = pages().map((page) => [page, commandLines(page)] as const);

describe('what can’t be typed here', () => {
  it.each(ELSEWHERE)('%s stands in a page', (pattern) => {
    expect(everyLine.some(([, lines]) => lines.some(({ text }) => pattern.test(text)))).toBe(true);
  });
});

const typed = everyLine
  .map(([page, lines]) => [page, lines.filter(isTyped)] as const)
  .filter(([, lines]) => lines.length > 0);

describe.skipIf(!apart).each(typed)('%s, typed line by line', (_, lines) => {
  let reader: Newcomer;
  let running: Started | undefined;
  const printed: string[] = [];

  /** Who starts another thing has stopped the one before. */
  const start = async ({ up }: Lasting, text: string) => {
    await running?.stop();
    running = await reader.start(text, up);
  };
  const settle = async (text: string) => {
    const { code, out, err } = await reader.type(text);
    expect(code, out + err).toBe(0);
    return out;
  };
  const has = (pattern: RegExp) => lines.some(({ text }) => pattern.test(text));

  beforeAll(async () => {
    reader = await newcomer();
    if (has(/^lncli /)) {
      await reader.start(NODE_BESIDE, /adminMacaroonPath/);
      await settle(NODE_FILES);
    }
    if (has(/npm start|npm run table/)) return;
    await start(SITE, 'npm start');
    await settle(KEY);
    await settle(TIPS);
  });
  afterAll(() => reader?.close());

  it.each(lines.map((line) => [line.line, line.text, line.answer]))('%i: %s', async (_, text, answer) => {
    const line = IDS.reduce(
      (filled, { inPage, printed: form }) =>
        filled.replace(inPage, (example) => newest(form, printed) ?? example),
      text,
    ).replace(/^npm ci && /, '');
    const lasting = LASTING.find(({ pattern }) => pattern.test(line));
    if (lasting) return start(lasting, line);
    if (line.includes('--follow')) {
      const following = reader.start(line, /21/);
      await settle(TIPS);
      return (await following).stop();
    }
    const out = await settle(line);
    printed.unshift(out);
    if (answer) expect(alike(out)).toEqual(alike(answer));
  });
});
