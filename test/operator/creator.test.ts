import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedTables, openEmbeddedTable } from '../../local/table/index.ts';
import { HELP, isBadInput, run } from '../../operator/creatorCommands.ts';
import { failureLine } from '../../operator/failure.ts';
import { MAX_ASKED_MSAT } from '../../shared/contract/money.ts';
import {
  addOption,
  CreatorError,
  dueWants,
  type Ledger,
  openOptionId,
  readCreator,
  tableDefinition,
} from '../../shared/ledger/index.ts';
import { clientConfig, readPlace } from '../../shared/place.ts';

const MAIN = fileURLToPath(new URL('../../operator/creator.ts', import.meta.url));
const NOW = new Date('2026-11-24T11:00:00.000Z');

let dir: string;
let tables: EmbeddedTables;
let ledger: Ledger;
let randomCalls = 0;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ampjar-operator-'));
  tables = await openEmbeddedTable({ dir, clock: () => NOW.getTime() });
  ledger = { client: tables.client(), table: 'ampjar' };
  await ledger.client.send(new CreateTableCommand(tableDefinition('ampjar')));
});

afterAll(async () => {
  await tables.close();
  rmSync(dir, { recursive: true, force: true });
});

async function creator(...args: string[]): Promise<string> {
  const lines: string[] = [];
  const random = (length: number) =>
    createHash('sha256').update(String(randomCalls++)).digest().subarray(0, length);
  await run(args, { ledger, onLoopback: true, now: () => NOW, random, print: (line) => lines.push(line) });
  return lines.join('\n');
}

const refusal = (...args: string[]): Promise<Error> =>
  creator(...args).then(
    () => expect.unreachable(`${args.join(' ')} was accepted`),
    (error: Error) => error,
  );

async function wanted(handle: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const want of dueWants(ledger, NOW)) if (want.handle === handle) ids.push(want.optionId);
  return ids;
}

describe('npm run creator', () => {
  it('adds a creator who shows nothing, with an open option that wants an invoice', async () => {
    expect(await creator('add', 'alice', '--name', 'Alice')).toBe(
      `added alice, with tip option ${openOptionId('alice')} "Any amount", any amount`,
    );
    expect(await readCreator(ledger, 'alice')).toMatchObject({
      name: 'Alice',
      shows: 'nothing',
      createdAt: NOW,
    });
    expect(await wanted('alice')).toEqual([openOptionId('alice')]);
  });

  it('adds a tip option of a fixed amount in satoshi, which wants an invoice of its own', async () => {
    await creator('add', 'bob', '--name', 'Bob', '--shows', 'amounts');
    const option = JSON.parse(
      await creator('option', 'bob', '--amount', '2100', '--label', 'A coffee', '--json'),
    );
    expect(option).toMatchObject({ handle: 'bob', label: 'A coffee', amountMsat: '2100000' });
    expect((await wanted('bob')).sort()).toEqual([openOptionId('bob'), option.id].sort());
  });

  it('takes the largest amount that LNURL can say', async () => {
    await creator('add', 'most', '--name', 'Most');
    await creator('option', 'most', '--amount', '9007199254740', '--label', 'All of it');
    expect((await readCreator(ledger, 'most'))?.options[1]?.amountMsat).toBe(9_007_199_254_740_000n);
  });

  it('keeps small tips out of the feed, and bounds what an invoice can be asked for', async () => {
    await creator('add', 'erin', '--name', 'Erin');
    await creator('minimum', 'erin', '--amount', '21');
    await creator('limits', 'erin', '--least', '10', '--most', '5000');
    expect(await readCreator(ledger, 'erin')).toMatchObject({
      minimumMsat: 21_000n,
      leastMsat: 10_000n,
      mostMsat: 5_000_000n,
    });
    expect(await creator('minimum', 'erin', '--amount', '0')).toBe(
      'erin: tips below 0 sat stay out of the feed',
    );
    expect(await readCreator(ledger, 'erin')).not.toHaveProperty('minimumMsat');
    await expect(creator('limits', 'erin', '--least', '10', '--most', '9')).rejects.toThrow(/^limits: /);
    expect((await readCreator(ledger, 'erin'))?.mostMsat).toBe(5_000_000n);
  });

  it('changes what the public sees, shows a creator, lists them and closes one', async () => {
    await creator('add', 'carol', '--name', 'Carol');
    expect(await creator('shows', 'carol', 'messages')).toBe('carol shows messages');
    expect(await creator('show', 'carol')).toBe(
      [
        'carol  "Carol"  active, shows messages, tip options: 1',
        'tips: 0, 0 sat',
        `${openOptionId('carol')} "Any amount", any amount; tips: 0, 0 sat`,
        '  no invoice yet: the connector makes it',
      ].join('\n'),
    );
    await creator('close', 'carol');
    expect(await creator('list')).toContain('carol  "Carol"  closed, shows messages, tip options: 1');
    const listed: { handle: string }[] = JSON.parse(await creator('list', '--json'));
    expect(listed.map(({ handle }) => handle)).toContain('carol');
    expect((await refusal('option', 'carol', '--amount', '1', '--label', 'x')).message).toBe(
      '"carol" is closed',
    );
  });

  it('prints JSON with amounts as strings and times in ISO 8601', async () => {
    await creator('add', 'dave', '--name', 'Dave');
    expect(JSON.parse(await creator('show', 'dave', '--json'))).toEqual({
      handle: 'dave',
      name: 'Dave',
      status: 'active',
      minimumMsat: null,
      leastMsat: null,
      mostMsat: null,
      node: null,
      shows: 'nothing',
      createdAt: NOW.toISOString(),
      count: '0',
      amountMsat: '0',
      options: [
        {
          id: openOptionId('dave'),
          label: 'Any amount',
          amountMsat: null,
          count: '0',
          receivedMsat: '0',
          paymentRequest: null,
          expiresAt: null,
        },
      ],
    });
  });

  it('explains itself', async () => {
    expect(await creator('--help')).toBe(HELP);
    expect(await creator('add', '-h')).toBe(HELP);
  });

  const OPTION = ['option', 'erin', '--label', 'x'];
  it.each<[string[], RegExp]>([
    ...['0', '-1', '1.5', 'NaN', '1e3', '', '01', ' 1', '2100000000000001', '9'.repeat(60)].map(
      (amount): [string[], RegExp] => [
        [...OPTION, `--amount=${amount}`],
        /^amount: .* is not a whole number of/,
      ],
    ),
    [[...OPTION, '--amount', '9007199254741'], /^amount: 9007199254741000 msat is not from 1 to/],
    [[...OPTION, '--amount', '-1'], /--amount/],
    [OPTION, /^option: --amount is missing$/],
    [['add', 'admin', '--name', 'x'], /^handle: "admin" is reserved$/],
    [['add', 'Alice', '--name', 'x'], /^handle: "Alice" is not/],
    [['add', 'a/../b', '--name', 'x'], /^handle: /],
    [['add', 'a'.repeat(10_000), '--name', 'x'], /^handle: .{40,200}$/],
    [['add', 'erin', '--name', 'Again'], /^handle: "erin" is taken$/],
    [['add', 'frank'], /^add: --name is missing$/],
    [['add', 'frank', '--name', ' '], /^name: /],
    [['add', 'frank', '--name', 'a\nb'], /^name: /],
    [['add', 'frank', '--name', 'x', '--shows', 'all'], /^shows: "all" is not one of/],
    [['add', 'frank', '--name', 'x', '--amount', '1'], /^add: --amount has no meaning here$/],
    [['shows', 'erin', 'all'], /^shows: "all"/],
    [['shows', 'erin'], /^shows: 1 words came after it, expected HANDLE WHAT$/],
    [['show', 'nobody'], /^handle: there is no creator "nobody"$/],
    [['close', 'nobody'], /^handle: there is no creator "nobody"$/],
    [['show', 'No Body'], /^handle: /],
    [['list', 'erin'], /^list: 1 words/],
    [['list', '--colour'], /--colour/],
    [['drop', 'erin'], /^command: "drop" is not one of/],
    [['toString', 'erin'], /^command: /],
    [[], /^command: "" is not one of/],
  ])('refuses %j in one line, and changes nothing', async (args, message) => {
    await creator('add', 'erin', '--name', 'Erin').catch(() => {});
    const before = await creator('list', '--json');
    const error = await refusal(...args);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
    expect(isBadInput(error)).toBe(true);
    expect(await creator('list', '--json')).toBe(before);
  });
});

describe('a tip option', () => {
  it.each([0n, -1n, -(2n ** 70n), MAX_ASKED_MSAT + 1n])(
    'of %d msat is refused by the ledger itself',
    async (amountMsat) => {
      await creator('add', 'ivan', '--name', 'Ivan').catch(() => {});
      const option = { label: 'x', amountMsat };
      const random = () => new Uint8Array(8);
      await expect(addOption(ledger, 'ivan', option, NOW, random)).rejects.toThrow(CreatorError);
      expect((await readCreator(ledger, 'ivan'))?.options).toHaveLength(1);
    },
  );
});

describe('where the table is', () => {
  it('comes from flags, then from the environment, then from defaults', () => {
    const env = { AMPJAR_TABLE: 'jars', AWS_REGION: 'eu-west-1', AMPJAR_ENDPOINT: 'http://127.0.0.1:1' };
    expect(readPlace({}, {})).toEqual({ table: 'ampjar', region: 'us-east-1' });
    expect(readPlace({}, env)).toEqual({
      table: 'jars',
      region: 'eu-west-1',
      endpoint: 'http://127.0.0.1:1',
    });
    const flags = { table: 'mine', region: 'us-west-2', endpoint: 'https://db.example' };
    expect(readPlace(flags, env)).toEqual(flags);
  });

  it.each([
    { table: 'x' },
    { table: '' },
    { region: 'US East' },
    { endpoint: '127.0.0.1:8000' },
    { endpoint: 'ftp://x' },
  ])('can not be %j', (flags) => {
    expect(() => readPlace(flags, {})).toThrow(new RegExp(`^${Object.keys(flags)[0]}: `));
  });

  it.each<[string, boolean]>([
    ['http://127.0.0.1:8000', true],
    ['http://localhost:8000', true],
    ['http://[::1]:8000', true],
    ['http://127.0.0.1.example', false],
    ['https://dynamodb.example', false],
  ])('at %s is given dummy credentials: %s', (endpoint, dummy) => {
    const config = clientConfig({ table: 'ampjar', region: 'us-east-1', endpoint });
    expect(config.credentials !== undefined).toBe(dummy);
  });
});

describe('the process', () => {
  const launch = (...args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const env = { PATH: process.env.PATH };
      execFile(process.execPath, ['--import', 'tsx', MAIN, ...args], { env }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      );
    });

  it('works on a table behind an endpoint on loopback', async () => {
    const { port } = await tables.listen(0);
    const endpoint = `http://127.0.0.1:${port}`;
    const added = await launch('add', 'grace', '--name', 'Grace', '--endpoint', endpoint);
    expect(added).toMatchObject({ code: 0, err: '' });
    expect(await readCreator(ledger, 'grace')).toMatchObject({ name: 'Grace' });
    expect(await launch('add', 'grace', '--name', 'Grace', '--endpoint', endpoint)).toEqual({
      code: 2,
      out: '',
      err: 'handle: "grace" is taken\n',
    });
  });

  it('says how to make a table that is not there, and makes it on this machine', async () => {
    const { port } = await tables.listen(0);
    const at = ['--endpoint', `http://127.0.0.1:${port}`, '--table', 'fresh'];
    const list = await launch('list', ...at);
    expect(list).toMatchObject({ code: 1, out: '' });
    const remedy = /^table: there is no "fresh" at \S+; npm run creator -- (init .+) makes it\n$/.exec(
      list.err,
    );
    expect(remedy?.[1]?.split(' ')).toEqual(['init', ...at]);
    expect(await launch('init', ...at)).toEqual({ code: 0, out: 'made the table fresh\n', err: '' });
    expect(await launch('list', ...at)).toEqual({ code: 0, out: '', err: '' });
    expect(await launch('init', ...at)).toEqual({
      code: 2,
      out: '',
      err: 'init: there is a table "fresh" already\n',
    });
  });

  it.each([['https://db.example'], [undefined]])('makes no table at %s', async (endpoint) => {
    expect(await launch('init', ...(endpoint ? ['--endpoint', endpoint] : []))).toEqual({
      code: 2,
      out: '',
      err: 'init: it needs an --endpoint of this machine; on AWS npm run deploy makes the table\n',
    });
  });

  it('ends with 1 when another changed the creator at the same time, and changes nothing', async () => {
    await creator('add', 'heidi', '--name', 'Heidi');
    const { port } = await tables.listen(0);
    // Between the command's read and its write, the other's change arrives.
    const between = createServer(async (request, response) => {
      const target = String(request.headers['x-amz-target']);
      if (target.endsWith('.TransactWriteItems')) await creator('shows', 'heidi', 'amounts');
      const answer = await fetch(`http://127.0.0.1:${port}`, {
        method: 'POST',
        headers: { 'x-amz-target': target, 'content-type': String(request.headers['content-type']) },
        body: await buffer(request),
      });
      response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(await answer.text());
    });
    await once(between.listen(0, '127.0.0.1'), 'listening');
    const endpoint = `http://127.0.0.1:${(between.address() as AddressInfo).port}`;
    const late = await launch('shows', 'heidi', 'messages', '--endpoint', endpoint);
    between.close();
    expect(late).toEqual({
      code: 1,
      out: '',
      err: '"heidi" was changed by someone else at the same time; try again\n',
    });
    expect(await readCreator(ledger, 'heidi')).toMatchObject({ shows: 'amounts' });
  });

  it('says in one line that nothing answers', async () => {
    const listener = await tables.listen(0);
    await listener.close();
    const endpoint = `http://127.0.0.1:${listener.port}`;
    expect(await launch('list', '--endpoint', endpoint)).toEqual({
      code: 1,
      out: '',
      err: `table: "ampjar" at ${endpoint} can't be reached (ECONNREFUSED)\n`,
    });
  });

  it('ends with 2 for a command line that makes no sense', async () => {
    expect(await launch('list', '--json', '--table', '!')).toMatchObject({ code: 2, out: '' });
    expect(await launch('--help')).toMatchObject({ code: 0, out: `${HELP}\n`, err: '' });
  });

  it('tells other failures by name and in one line', () => {
    const error = Object.assign(new Error('a\nb'), { name: 'AccessDeniedException' });
    expect(failureLine(error, { table: 'ampjar', region: 'eu-west-1' })).toBe(
      'table: "ampjar" at eu-west-1: AccessDeniedException: a b',
    );
    const absent = Object.assign(new Error('x'), { name: 'ResourceNotFoundException' });
    expect(failureLine(absent, { table: 'ampjar', region: 'eu-west-1' })).toBe(
      'table: there is no "ampjar" at eu-west-1; ' +
        'npm run deploy makes one and prints its name; --endpoint names another place',
    );
  });
});
