import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CreateTableCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Alarm } from '../../functions/outbox/alarms.ts';
import type { BatchAnswer } from '../../functions/outbox/stream.ts';
import { BATCH_SIZE, MOST_ATTEMPTS, runEventSource, runStream } from '../../local/stream.ts';
import { type EmbeddedTables, openEmbeddedTable, type StreamRecord } from '../../local/table/index.ts';
import { type Ledger, readHanded, tableDefinition } from '../../shared/ledger/index.ts';
import { Receiver } from '../functions/outbox/stage.ts';
import { startBooking } from '../shared/ledger/bookedTips.ts';

const HOUR_MS = 3_600_000;
let dir: string;
let now: number;
let tables: EmbeddedTables;
let ledger: Ledger;
let stop: AbortController;
let running: Promise<unknown>[];

async function open() {
  tables = await openEmbeddedTable({ dir, clock: () => now });
  ledger = { client: tables.client(), table: 'ampjar' };
  stop = new AbortController();
  running = [];
}

async function end() {
  stop.abort();
  await Promise.all(running);
  await tables.close();
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ampjar-stream-'));
  now = Date.parse('2026-11-24T11:00:00Z');
  await open();
  await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table)));
});
afterEach(async () => {
  await end();
  await rm(dir, { recursive: true });
});

const aborted = async (signal: AbortSignal) => {
  if (!signal.aborted) await once(signal, 'abort');
};

/** Something that others wait for. */
function milestone() {
  let reach = () => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  return { reach, reached };
}

const names = (records: readonly StreamRecord[]) =>
  records.map(({ dynamodb }) => dynamodb.NewImage!.sk!.S!).join(' ');
const put = (pk: string, ...sks: string[]) =>
  Promise.all(
    sks.map((sk) =>
      ledger.client.send(
        new PutItemCommand({ TableName: ledger.table, Item: { pk: { S: pk }, sk: { S: sk } } }),
      ),
    ),
  );

type Answer = string[] | Error;
/** Answers of the worker in turn, as names of items; after them all is well, or nothing is asked again. */
function runWith(answers: Answer[], until: (calls: string[]) => boolean, after: 'well' | 'rest' = 'well') {
  const calls: string[] = [];
  const waits: number[] = [];
  const discarded: string[] = [];
  const done = milestone();
  const worker = async (records: StreamRecord[]): Promise<BatchAnswer> => {
    calls.push(names(records));
    const answer = answers.shift() ?? [];
    if (until(calls) && answers.length === 0) done.reach();
    if (answer instanceof Error) throw answer;
    const numberOf = (name: string) =>
      records.find((record) => names([record]) === name)?.dynamodb.SequenceNumber ?? name;
    return { batchItemFailures: answer.map((name) => ({ itemIdentifier: numberOf(name) })) };
  };
  running.push(
    runEventSource({
      reader: tables.streamReader(ledger.table, 'test'),
      wants: ({ eventName, dynamodb }) => eventName === 'INSERT' && dynamodb.Keys.pk!.S === 'wanted',
      worker,
      discarded: (records) => discarded.push(names(records)),
      trimmed: () => {},
      signal: stop.signal,
      chance: () => 0,
      sleep: async (ms, signal) => {
        waits.push(ms);
        if (after === 'rest' && answers.length === 0) await aborted(signal);
      },
    }),
  );
  return { calls, waits, discarded, done: done.reached };
}

const FOUR = 'a b c d';
const whole = new Error('the worker failed');

describe('an event source', () => {
  it.each<[string, Answer[], string[]]>([
    ['goes on from the one that failed', [['c']], [FOUR, 'c d']],
    ['goes on from the lowest of those that failed', [['d', 'b', 'c']], [FOUR, 'b c d']],
    ['sends all of a batch again whose first failed', [['a']], [FOUR, FOUR]],
    ['goes on from each checkpoint in turn', [['b'], ['b'], ['d']], [FOUR, 'b c d', 'b c d', 'd']],
    ['takes an identifier that is empty for a failure of all, and halves', [['']], [FOUR, 'a b', 'c d']],
    ['takes an unknown identifier for a failure of all', [['c', '1'.repeat(21)]], [FOUR, 'a b', 'c d']],
    ['halves a batch that made the worker fail', [whole, whole], [FOUR, 'a b', 'a', 'b c d']],
  ])('%s', async (_, answers, expected) => {
    await put('wanted', ...FOUR.split(' '));
    const { calls, done } = runWith(answers, (made) => made.length >= expected.length);
    await done;
    expect(calls).toEqual(expected);
  });

  it('waits longer after each failure, and not at all once it is well', async () => {
    await put('wanted', 'a', 'b');
    const { waits, done } = runWith(Array(9).fill(['a']), (made) => made.length === 10);
    await done;
    expect(waits).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  });

  it('gives a record up that makes the worker fail each time, and goes on', async () => {
    await put('wanted', 'a', 'b');
    const fails = Array<Answer>(1 + MOST_ATTEMPTS).fill(whole);
    const { calls, discarded, done } = runWith(fails, (made) => made.at(-1) === 'b');
    await done;
    expect(calls).toEqual(['a b', ...Array(MOST_ATTEMPTS).fill('a'), 'b']);
    expect(discarded).toEqual(['a']);
  });

  it('never gives up what the worker says is to come again', async () => {
    await put('wanted', 'a');
    const { discarded, done } = runWith(Array(40).fill(['a']), (made) => made.length === 41);
    await done;
    expect(discarded).toEqual([]);
  });

  it('gives the worker a bounded batch, and only what it wants', async () => {
    const many = Array.from({ length: BATCH_SIZE + 5 }, (_, at) => String(at).padStart(3, '0'));
    for (const sk of many) {
      await put('wanted', sk);
      await put('other', sk);
    }
    const { calls, done } = runWith([], (made) => made.length === 2);
    await done;
    expect(calls.map((call) => call.split(' '))).toEqual([many.slice(0, BATCH_SIZE), many.slice(BATCH_SIZE)]);
  });

  it('is woken by a commit, and by nothing else', async () => {
    const first = runWith([], (made) => made.length === 1);
    await put('other', 'x');
    await put('wanted', 'a');
    await first.done;
    expect(first.calls).toEqual(['a']);
    expect(first.waits).toEqual([]);
  });

  it('goes on after a restart where it was, and behind what nobody wanted for a minute', async () => {
    await put('wanted', 'a', 'b');
    const first = runWith([[], ['c'], ['c']], (made) => made.length >= 3, 'rest');
    await put('wanted', 'c');
    await first.done;
    await end();
    await open();
    const second = runWith([], (made) => made.length === 1);
    await second.done;
    expect(second.calls).toEqual(['c']);
    now += 61_000;
    await put('other', 'x');
    const reader = tables.streamReader(ledger.table, 'late');
    await reader.skipTo(reader.read(10).records.at(-1)!);
    await end();
    await open();
    expect(tables.streamReader(ledger.table, 'late').read(10).records).toEqual([]);
  });

  it('leaves no listener behind with each time that it waits', async () => {
    const reader = tables.streamReader(ledger.table, 'waits');
    let listeners = 0;
    const { signal } = stop;
    const counted = new Proxy(signal, {
      get(target, name) {
        if (name === 'addEventListener') listeners++;
        if (name === 'removeEventListener') listeners--;
        const value = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    for (const sk of ['a', 'b', 'c']) {
      reader.read(10);
      const woken = reader.woken(counted);
      await put('wanted', sk);
      await woken;
    }
    expect(listeners).toBe(0);
  });
});

/** The runner over real bookings. */
function handOnAll(more: Partial<Parameters<typeof runStream>[0]> = {}) {
  const webhooks = new Receiver();
  const alarms: Alarm[] = [];
  const told = (count: number) =>
    new Promise<void>((resolve) => {
      const look = () => webhooks.events.length >= count && resolve();
      waiting.push(look);
      look();
    });
  const waiting: (() => unknown)[] = [];
  running.push(
    runStream({
      tables,
      ledger,
      clock: () => new Date(now),
      enqueue: webhooks.take,
      publish: async () => {
        for (const look of waiting) look();
      },
      report: (alarm) => alarms.push(alarm),
      chance: () => 0,
      sleep: (_, signal) => aborted(signal),
      signal: stop.signal,
      ...more,
    }),
  );
  return { webhooks, alarms, told };
}

describe('the runner of the embedded table', () => {
  it('hands a tip on at once', async () => {
    const { book } = await startBooking(ledger, ['alice']);
    const { webhooks, told, alarms } = handOnAll();
    const times: number[] = [];
    for (let n = 1; n <= 20; n++) {
      await book('alice', 1);
      const booked = performance.now();
      await told(n);
      times.push(performance.now() - booked);
    }
    expect(webhooks.numbers).toEqual(Array.from({ length: 20 }, (_, at) => `alice ${at + 1}`));
    expect(times.sort((a, b) => a - b)[10]).toBeLessThan(100);
    expect(alarms).toEqual([]);
  });

  it('makes an outage of days good: what the stream lost, the sweep finds', async () => {
    const { book } = await startBooking(ledger, ['alice']);
    const { told } = handOnAll();
    await book('alice', 2);
    await told(2);
    stop.abort();
    await Promise.all(running);
    await book('alice', 3);
    now += 25 * HOUR_MS;
    await tables.sweep();
    await book('alice', 1, { settledAt: new Date(now) });
    await end();
    await open();
    const second = handOnAll();
    await second.told(4);
    expect(second.webhooks.numbers.sort()).toEqual(['alice 3', 'alice 4', 'alice 5', 'alice 6']);
    stop.abort();
    await Promise.all(running);
    expect(second.alarms.sort()).toEqual(['missed', 'trimmed']);
    expect((await readHanded(ledger, ['alice'])).get('alice')).toEqual({ last: 6n, through: 5n });
  });

  it('tells every tip at least once, each time with one id, though it is killed again and again', async () => {
    await startBooking(ledger, ['alice']);
    await end();
    const ids = new Map<string, string>();
    let booked = 0;
    for (let run = 0; run < 4; run++) {
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', fileURLToPath(new URL('streamProcess.ts', import.meta.url)), dir, 'ampjar'],
        { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_NO_WARNINGS: '1' } },
      );
      const before = booked;
      for await (const line of createInterface(child.stdout)) {
        const [word, sequence = '', id = ''] = line.split(' ');
        expect(['told', 'booked']).toContain(word);
        if (word === 'booked') booked = Math.max(booked, Number(sequence));
        else expect(ids.get(sequence) ?? id).toBe(id);
        if (word === 'told') ids.set(sequence, id);
        if (booked >= before + 15 + 7 * run) child.kill('SIGKILL');
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      expect(child.signalCode).toBe('SIGKILL');
    }
    await open();
    const { last: count } = (await readHanded(ledger, ['alice'])).get('alice')!;
    expect(count).toBeGreaterThanOrEqual(BigInt(booked));
    now = Date.now();
    const left = handOnAll();
    // The last of all comes last from the stream.
    const last = ids.has(String(count)) ? undefined : left.told(1);
    await last;
    stop.abort();
    await Promise.all(running);
    for (const { id, data } of left.webhooks.events) {
      expect(ids.get(data.sequence) ?? id).toBe(id);
      ids.set(data.sequence, id);
    }
    const expected = Array.from({ length: Number(count) }, (_, at) => String(at + 1));
    expect([...ids.keys()].sort((a, b) => Number(a) - Number(b))).toEqual(expected);
    expect(new Set(ids.values()).size).toBe(Number(count));
  });
});
