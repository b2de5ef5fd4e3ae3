import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

const WORDS: Record<string, number> = { eight: 8, ten: 10, twenty: 20, thirty: 30, hundred: 100 };

/** A number as prose has it: "2,000", "eight". */
const numberOf = (text: string): number => WORDS[text] ?? Number(text.replaceAll(',', ''));

/**
 * What a page says of a number that the code decides: the words around it, the file and the constant, and what one of the
 * page's is in the code's unit.
 */
const SAID: [page: string, words: RegExp, file: string, constant: RegExp, unit?: number][] = [
  [
    'docs/connector.md',
    /mints, at most (\w+) at a time/,
    'connector/requests/invoiceRequests.ts',
    /AT_LND = (\S+);/,
  ],
  [
    'docs/connector.md',
    /It takes over at once .*, and (\w+)\s+seconds/,
    'connector/lease.ts',
    /LEASE_MS = (\S+);/,
    1_000,
  ],
  [
    'docs/connector.md',
    /\(([\d,]+) payments at most\)/,
    'connector/payments/bookingQueue.ts',
    /MOST_WAITING = (\S+);/,
  ],
  [
    'docs/connector.md',
    /after (\d+) payments \(`--rotate-after`/,
    'connector/invoices/mint.ts',
    /ROTATE_AFTER = (\S+);/,
  ],
  [
    'docs/ledger.md',
    /once ([\d,]+) events or/,
    'connector/payments/bookingQueue.ts',
    /MOST_WAITING = (\S+);/,
  ],
  [
    'docs/ledger.md',
    /events or (\d+) MB wait/,
    'connector/payments/bookingQueue.ts',
    /MOST_WAITING_BYTES = (\S+);/,
    1_000_000,
  ],
  ['docs/ledger.md', /of the others a (\w+) in turn/, 'connector/audit/ampAudit.ts', /SLICE = (\S+);/],
  ['docs/privacy.md', /replaced after (\d+) payments/, 'connector/invoices/mint.ts', /ROTATE_AFTER = (\S+);/],
  [
    'docs/events.md',
    /`data.message` .*up to (\d+) characters/,
    'connector/payments/payerText.ts',
    /MOST_MESSAGE = (\S+);/,
  ],
  [
    'docs/events.md',
    /`data.sender` .*up to (\d+) characters/,
    'connector/payments/payerText.ts',
    /MOST_SENDER = (\S+);/,
  ],
  ['docs/api.md', /may be had (\d+) times a day/, 'shared/ledger/allowances.ts', /invoices: (\d+),/],
  ['docs/api.md', /(\d+) keys made/, 'shared/ledger/allowances.ts', /keys: (\d+),/],
  ['docs/api.md', /sent (\d+) replays/, 'shared/ledger/allowances.ts', /replays: (\d+),/],
  ['docs/api.md', /(\d+) tests;/, 'shared/ledger/allowances.ts', /tests: (\d+),/],
  ['docs/webhooks.md', /A creator has (\d+) replays/, 'shared/ledger/allowances.ts', /replays: (\d+),/],
  ['docs/webhooks.md', /and (\d+) tests a day/, 'shared/ledger/allowances.ts', /tests: (\d+),/],
  ['docs/live.md', /There are ([\d,]+) connections at most/, 'local/live/sse.ts', /inAll: ([\d_]+)/],
  ['docs/live.md', /at most, and (\d+) from o/, 'local/live/sse.ts', /ofAddress: ([\d_]+)/],
  [
    'docs/live.md',
    /more than (\d+) kB\s+unread/,
    'local/live/tipStream.ts',
    /MOST_WAITING_BYTES = (\S+);/,
    1_024,
  ],
  ['docs/api.md', /(\d+) for a description/, 'functions/manage/webhooks.ts', /MOST_DESCRIPTION = (\S+);/],
  [
    'docs/webhooks.md',
    /Answer within (\w+) seconds/,
    'functions/webhooks/post.ts',
    /DEADLINE_MS = (\S+);/,
    1_000,
  ],
  [
    'docs/webhooks.md',
    /\| URL +\| ([\d,]+) characters/,
    'functions/ssrf/urls.ts',
    /MOST_CHARACTERS = (\S+);/,
  ],
  [
    'docs/webhooks.md',
    /end of the answer +\| (\d+) s/,
    'functions/webhooks/post.ts',
    /DEADLINE_MS = (\S+);/,
    1_000,
  ],
];

it.each(SAID)('%s says what the code does: %s', (page, words, file, constant, unit = 1) => {
  const said = words.exec(read(page))?.[1];
  const decided = constant.exec(read(file))?.[1];
  expect({ said, decided }, 'both are found').toEqual({
    said: expect.any(String),
    decided: expect.any(String),
  });
  expect(numberOf(said!) * unit).toBe(Number(decided!.replaceAll('_', '')));
});
