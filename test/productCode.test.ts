import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** What runs for users: all rooms but those of tests and benchmarks. */
const ROOMS = ['cli', 'connector', 'functions', 'infra', 'local', 'shared', 'widget'];

const sources = ROOMS.flatMap((room) =>
  readdirSync(room, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|js)$/.test(name))
    .map((name) => ({ file: `${room}/${name}`, source: readFileSync(`${room}/${name}`, 'utf8') })),
);

/** Files with a match, but for the one where it belongs. */
const filesWith = (pattern: RegExp, home?: string) =>
  sources.filter(({ file, source }) => file !== home && pattern.test(source)).map(({ file }) => file);

/**
 * Where a promise is made by hand, and why each such ends: a socket, stream or child that says nothing more must not keep one open.
 * Say here how yours ends, or use shared/concurrency/untilAborted.ts.
 */
const PROMISES_BY_HAND: Record<string, string> = {
  'connector/lnd/client.ts': "raced against a timer that is later than gRPC's own deadline",
  'connector/payments/bookingQueue.ts':
    'an abort wakes who waits for work; the stop wakes who waits for room',
  'connector/requests/invoiceRequests.ts': 'an abort wakes all that are idle',
  'connector/run.ts': 'a server that is to listen on loopback gives listening or error',
  'connector/stopping.ts': 'rejected by the signal, and raced against the work',
  'functions/lnurl/invoiceWaiter.ts': 'each waits until a time, at which a look ends it',
  'functions/public/sharedReads.ts': 'the next turn of the event loop',
  'functions/webhooks/dispatcher.ts':
    'each try ends by its deadline; who waits for all of them races a signal or a timer',
  'functions/webhooks/post.ts': "raced against the exchange's deadline, and the body against a timer",
  'infra/answering.ts': 'a timer ends the request',
  'infra/deploying.ts': 'a child process at the terminal gives error or exit; whoever sits there can end it',
  'local/node/receiver.ts':
    'resolved when its set is settled or failed, which a timer does to an incomplete one',
  'local/node/server.ts': 'bindAsync calls back',
  'local/node/store.ts': 'a failure that may never come; nothing waits for it alone',
  'local/node/subscription.ts': 'drain, raced against the end of the stream',
  'local/site.ts': 'a server that is to listen gives listening or error',
  'local/table/index.ts': 'the next turn of the event loop',
  'local/table/listen.ts':
    'a server that is to listen on loopback gives listening or error; at the end all connections are closed after a while',
  'local/table/reader.ts': 'the signal to stop wakes it',
  'local/table/store.ts':
    'each transaction is committed or refused; the loss of the folder may never come, and nothing waits for it alone',
  'shared/browser/scripts/browserWallet.ts': 'a timer',
  'shared/concurrency/batcher.ts': 'the work that was given, of which each ends as it does',
  'shared/concurrency/semaphore.ts': 'whoever has a turn gives it on however its work ends',
  'shared/concurrency/untilAborted.ts': 'the signal',
  'shared/concurrency/wakeQueue.ts': 'the signal to stop wakes it',
};

describe('product code', () => {
  it('is looked at', () => {
    expect(sources.length).toBeGreaterThan(300);
  });

  it('writes files by writeWhole alone: aside, synced, renamed', () => {
    const writing =
      /\b(writeFile|writeFileSync|appendFile|appendFileSync|createWriteStream|copyFile|copyFileSync|cp|cpSync)\s*[(,]/;
    expect(filesWith(writing, 'shared/command/files.ts')).toEqual([]);
  });

  it('asks the tables of kinds of payment what differs, and names none', () => {
    expect(filesWith(/\bvia\b\)?\s*[!=]==?|\bswitch \([^)]*\bvia\)/)).toEqual([]);
    const naming = filesWith(/(\bkind\b\)?\s*[!=]==?|\bcase)\s*'(amp|bolt11)'/);
    expect(naming.filter((file) => !file.startsWith('local/'))).toEqual([]);
  });

  it('serves HTTP within limits of time', () => {
    const serving = filesWith(/\bcreateServer\(|from '@hono\/node-server';/);
    expect(serving).toContain('connector/run.ts');
    const unbounded = serving.filter((file) => {
      const { source } = sources.find((each) => each.file === file)!;
      return !source.includes('SERVER_LIMITS');
    });
    expect(unbounded).toEqual([]);
  });

  it('makes promises by hand only where it is said why they end', () => {
    expect(filesWith(/\bnew Promise\b|\bPromise\.withResolvers\b/).toSorted()).toEqual(
      Object.keys(PROMISES_BY_HAND),
    );
  });

  it('links signals so that the one that lives on is let go', () => {
    const inNode = filesWith(/\bAbortSignal\.any\(/).filter((file) => !file.startsWith('widget/'));
    expect(inNode).toEqual([]);
  });

  it('asks over HTTP only with a signal that ends it', () => {
    const ASKING = /(?<![\w.])fetch\((?!request\b)[^;]*/g;
    const inBrowser = (file: string) => /^(widget|shared\/browser\/scripts)\//.test(file);
    const endless = sources.filter(
      ({ file, source }) =>
        !inBrowser(file) && [...source.matchAll(ASKING)].some(([call]) => !call.includes('signal')),
    );
    expect(endless.map(({ file }) => file)).toEqual([]);
  });
});
