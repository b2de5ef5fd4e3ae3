import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { serve } from '@hono/node-server';
import { inject } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import { bookTips, type NewTip, readNode, takeLease } from '../../shared/ledger/index.ts';
import { openStage, type Stage } from '../functions/manage/stage.ts';
import { type Ran, run as runHere } from '../shared/command/run.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A request that came to the served API. */
export interface Came {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** What happens to a request instead of an answer by the API; undefined lets it through. */
export type Trouble = (request: Request) => Response | 'lose' | 'lose the answer' | undefined;

/** The words of a command line as a shell reads it, where quotes hold words together. */
export const wordsOf = (line: string): string[] =>
  Array.from(
    line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g),
    ([, double, single, bare]) => (double ?? single ?? bare)!,
  );

type Env = Readonly<Record<string, string | undefined>>;

/** Start a command line as a process of its own. */
export async function start(args: readonly string[], env: Env = {}, file?: string): Promise<ChildProcess> {
  const { AMPJAR_KEY: _, AMPJAR_URL: __, COLUMNS: ___, ...bare } = process.env;
  const command = file === undefined ? [inject('program').ampjar] : ['--import', 'tsx', file];
  return spawn(process.execPath, [...command, ...args], { cwd: ROOT, env: { ...bare, ...env } });
}

/** Run a command line to its end, in this process. */
export const run = (args: readonly string[], env: Env = {}): Promise<Ran> => runHere(COMMANDS, args, env);

/** Run one as a process of its own to its end: the program, or another file's. */
export async function runProcess(args: readonly string[], env: Env = {}, file?: string): Promise<Ran> {
  const child = await start(args, env, file);
  let out = '';
  let err = '';
  child.stdout!.setEncoding('utf8').on('data', (text) => {
    out += text;
  });
  child.stderr!.setEncoding('utf8').on('data', (text) => {
    err += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, err };
}

/** The lines of a process's output as they come. */
export function linesOf(child: ChildProcess) {
  const out = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const err = createInterface({ input: child.stderr! })[Symbol.asyncIterator]();
  const next = async (of: AsyncIterator<string>) => (await of.next()).value as string | undefined;
  return { out: () => next(out), err: () => next(err) };
}

/** The manage API over the test jar, served on loopback, with trouble on its way. */
export async function openServed() {
  const stage: Stage = await openStage();
  const came: Came[] = [];
  let trouble: Trouble = () => undefined;
  let server: ReturnType<typeof serve> | undefined;
  let port = 0;
  const listen = () =>
    new Promise<void>((resolve) => {
      const fetch = async (request: Request, { incoming }: { incoming: IncomingMessage }) => {
        const { pathname, search } = new URL(request.url);
        came.push({
          method: request.method,
          path: pathname + search,
          headers: Object.fromEntries(request.headers),
        });
        const met = trouble(request);
        if (met instanceof Response) return met;
        if (met !== 'lose') {
          const response = await stage.app.fetch(request);
          if (met !== 'lose the answer') return response;
        }
        incoming.socket.destroy();
        return new Response(null, { status: 500 });
      };
      server = serve({ fetch: fetch as never, hostname: '127.0.0.1', port }, (address) => {
        port = address.port;
        resolve();
      });
    });
  await listen();
  const url = `http://127.0.0.1:${port}`;

  const shut = () =>
    new Promise<void>((resolve) => {
      if (server && 'closeAllConnections' in server) server.closeAllConnections();
      server!.close(() => resolve());
    });
  let booked = 0;
  /** A tip to the open option of Alice. */
  async function book(more: Partial<NewTip> = {}): Promise<void> {
    const { ledger, open } = stage;
    const seen = await readNode(ledger, open.payee);
    const terms = { node: open.payee, network: 'regtest', holder: 'cli', seen };
    const lease = (await takeLease(ledger, terms))!;
    booked++;
    const tip: NewTip = {
      setId: createHash('sha256').update(`cli ${booked}`).digest('hex'),
      paymentAddr: open.paymentAddr,
      handle: 'alice',
      optionId: open.optionId,
      amountMsat: 21_000n,
      settledAt: stage.options.clock(),
      settleIndex: BigInt(1000 + booked),
      via: 'amp',
      shards: 1,
      event: '{}',
      ...more,
    };
    await bookTips(ledger, lease, { tips: [tip], quarantined: [] });
  }

  /** Run a command against it, with a key: the operator's unless told. */
  const ampjar = (
    line: string,
    {
      key = stage.keys.operator.token,
      ...env
    }: { key?: string; [variable: string]: string | undefined } = {},
  ) => run(wordsOf(line), { AMPJAR_URL: url, AMPJAR_KEY: key, ...env });

  return {
    stage,
    url,
    came,
    book,
    ampjar,
    start: (line: string, key = stage.keys.operator.token) =>
      start(wordsOf(line), { AMPJAR_URL: url, AMPJAR_KEY: key }),
    /** Do with requests as told until told otherwise; without, all is well. */
    meet: (with_: Trouble = () => undefined) => {
      trouble = with_;
      came.length = 0;
    },
    shut,
    listen,
    async close() {
      await shut();
      await stage.close();
    },
  };
}

export type Served = Awaited<ReturnType<typeof openServed>>;
