import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFlagError, readFlags } from '../test/flags.ts';
import { adapter } from './adapter.ts';
import { backlog } from './backlog.ts';
import type { Bench } from './bench.ts';
import { booking } from './booking.ts';
import { coldstart } from './coldstart.ts';
import { cost } from './cost.ts';
import { deliver } from './deliver.ts';
import { deploy } from './deploy.ts';
import { feed } from './feed.ts';
import { fresh } from './fresh.ts';
import { growth } from './growth.ts';
import { invoice } from './invoice.ts';
import { invoiceRequests } from './invoiceRequests.ts';
import { latency } from './latency.ts';
import { HOW_TO_GET_LND, hasLnd } from './lnd.ts';
import { type Result, table } from './print.ts';
import { protocol } from './protocol.ts';
import { qr } from './qr.ts';
import { start } from './start.ts';
import { stop } from './stop.ts';
import { takeover } from './takeover.ts';
import { told } from './told.ts';

const BENCHES: readonly Bench[] = [
  invoice,
  invoiceRequests,
  latency,
  told,
  protocol,
  qr,
  booking,
  feed,
  deliver,
  backlog,
  start,
  stop,
  takeover,
  growth,
  cost,
  coldstart,
  adapter,
  deploy,
  fresh,
];

const NAMES = BENCHES.map(({ name }) => name);

const HELP = `npm run bench -- [flags]: how fast it is, as ratios measured side by side in one run

  --only NAME[,NAME]   run these alone
  --quick              a short run that shows that everything works; its figures mean little
  --json               print JSON instead of a table
  --help

${BENCHES.map(({ name, about, lnd }) => `  ${name.padEnd(10)} ${about}${lnd === 'all' ? ' (needs lnd)' : ''}`).join('\n')}

A machine with nothing else to do, please. Exit code 1: a benchmark failed or a target was missed (not with --quick); 2: bad flags.
`;

class UsageError extends Error {}

function chosen(only: string | undefined): readonly Bench[] {
  if (only === undefined) return BENCHES;
  const names = only.split(',');
  const unknown = names.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw new UsageError(`--only: "${unknown}" is not one of ${NAMES.join(', ')}`);
  return BENCHES.filter(({ name }) => names.includes(name));
}

function settings(args: string[]) {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = readFlags(args, { only: { type: 'string' }, json: flag, quick: flag });
  const { only, help = false, ...flags } = values;
  return { ...flags, help, benches: chosen(only) };
}

async function runOne({ name, lnd, missing, run }: Bench, quick: boolean): Promise<Result> {
  const note = (progress: string) => void process.stderr.write(`${name}: ${progress}\n`);
  const leftOut = lnd === 'all' && !hasLnd() ? HOW_TO_GET_LND : missing?.();
  if (leftOut !== undefined) {
    note(`left out, ${leftOut}`);
    return { name, leftOut };
  }
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-bench-'));
  const remove = () => rmSync(dir, { recursive: true, force: true });
  process.once('exit', remove);
  const deferred: (() => Promise<void>)[] = [];
  const folder = (part: string) => {
    mkdirSync(join(dir, part));
    return join(dir, part);
  };
  try {
    const defer = (stop: () => Promise<void>) => void deferred.push(stop);
    return { name, rows: await run({ quick, hasLnd: hasLnd(), folder, defer, note }) };
  } catch (error) {
    note(String((error as Error).stack));
    return { name, failed: (error as Error).message };
  } finally {
    for (const stop of deferred.reverse()) await stop().catch((error) => note(String(error)));
    process.off('exit', remove);
    remove();
  }
}

async function main() {
  const { help, json, quick, benches } = settings(process.argv.slice(2));
  if (help) return void process.stdout.write(HELP);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  // Which Node the SDK asks for from 2027 on is for package.json to settle.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const results: Result[] = [];
  for (const bench of benches) results.push(await runOne(bench, quick));
  const machine = `${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.versions.node}`;
  const text = json
    ? JSON.stringify({ machine, quick, results }, null, 2)
    : `${machine}\n\n${table(results)}`;
  process.stdout.write(`${text}\n`);
  const wrong = results.some(
    (result) =>
      'failed' in result || (!quick && 'rows' in result && result.rows.some(({ ok }) => ok === false)),
  );
  if (wrong) process.exitCode = 1;
}

main().catch((error: Error & { code?: string }) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof UsageError || isFlagError(error) ? 2 : 1;
});
