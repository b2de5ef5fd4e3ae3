import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { readFlags } from '../flags.ts';
import { killedAtEachAwait } from './eachAwait.ts';
import { hermetic } from './hermetic.ts';
import { MUTANTS } from './mutants.ts';
import { planOf } from './plan.ts';
import { type Outcome, simulate } from './simulate.ts';

const HELP = `npm run test:faults -- [flags]: breaks everything around the ledger on purpose, and holds the table against lnd's books

  --from SEED      first seed, a whole number, default 1
  --seeds N        how many, default 1000
  --workers N      processes that share them, default one for each processor
  --trace          print all that happens; of one seed only
  --digests        print a hash of all that happened in each seed, with its table at the end
  --each-await     kill a connector at each of its await points in turn, in place of seeds
  --mutant NAME    break an invariant on purpose, to see which seeds notice:
${Object.keys(MUTANTS)
  .map((name) => `                     ${JSON.stringify(name)}`)
  .join('\n')}

A seed decides all of a run, so a run that failed fails again with the same seed and the same code: it has no clock and no chance
of this machine's. Exits 1 when one failed, 2 when a mutant changed nothing.
`;

const TRACE_LINES = 80;
const PROGRESS_EVERY_MS = 3_000;

function settings() {
  const { values } = readFlags(process.argv.slice(2), {
    from: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1000' },
    workers: { type: 'string', default: String(availableParallelism()) },
    trace: { type: 'boolean', default: false },
    digests: { type: 'boolean', default: false },
    'each-await': { type: 'boolean', default: false },
    mutant: { type: 'string' },
  });
  const number = (flag: 'from' | 'seeds' | 'workers', least: number) => {
    if (!/^\d{1,12}$/.test(values[flag]) || Number(values[flag]) < least)
      throw new Error(`--${flag}: "${values[flag]}" is not a whole number from ${least} on`);
    return Number(values[flag]);
  };
  const { mutant } = values;
  if (mutant !== undefined && !MUTANTS[mutant])
    throw new Error(`--mutant: there is no "${mutant}"; see --help`);
  const seeds = number('seeds', 1);
  if (values.trace && seeds > 1) throw new Error('--trace: of one seed only; give --seeds 1');
  return {
    ...values,
    from: number('from', 0),
    seeds,
    workers: Math.min(number('workers', 1), seeds),
    sabotage: mutant === undefined ? undefined : MUTANTS[mutant],
  };
}

type Settings = ReturnType<typeof settings>;
const say = (line: string) => process.stdout.write(`${line}\n`);

/** What a worker does: every so-manyth seed. */
async function work({ from, seeds, workers, sabotage }: Settings, worker: number): Promise<void> {
  const strayed: string[] = [];
  hermetic((problem) => strayed.push(problem));
  for (let at = worker; at < seeds; at += workers) {
    const outcome = await simulate(planOf(String(from + at)), { sabotage });
    const problems = [...outcome.problems, ...strayed.splice(0)];
    await new Promise((resolve) => process.send!({ ...outcome, problems }, resolve));
  }
  process.disconnect();
}

function report({ seed, problems, trace }: Outcome, withTrace: boolean): void {
  say(`\nseed ${seed} FAILED`);
  if (withTrace) for (const line of trace.slice(-TRACE_LINES)) say(`  ${line.slice(0, 300)}`);
  for (const problem of problems) say(`  ${problem}`);
}

async function shared(config: Settings): Promise<number> {
  const { seeds, workers, sabotage, digests } = config;
  const began = performance.now();
  let [done, settled, booked, actions, sabotaged, failed, told] = [0, 0, 0, 0, 0, 0, began];
  const saw = new Map<string, number>();
  const take = (outcome: Outcome) => {
    done++;
    settled += outcome.settled;
    booked += outcome.booked;
    actions += outcome.steps;
    sabotaged += outcome.sabotaged;
    if (digests) say(`seed ${outcome.seed}: ${outcome.digest}`);
    for (const [what, times] of Object.entries(outcome.saw)) saw.set(what, (saw.get(what) ?? 0) + times);
    if (outcome.problems.length > 0) report(outcome, failed++ === 0);
    if (performance.now() - told < PROGRESS_EVERY_MS && done < seeds) return;
    told = performance.now();
    const seconds = ((told - began) / 1000).toFixed(0);
    say(
      `${done} of ${seeds} seeds, ${settled} payments, ${booked} booked, ${actions} actions, ${failed} failed, ${seconds} s`,
    );
  };
  const children = Array.from(
    { length: workers },
    (_, worker): ChildProcess =>
      fork(process.argv[1]!, process.argv.slice(2), {
        env: { ...process.env, FAULTS_WORKER: String(worker) },
      }),
  );
  const codes = await Promise.all(
    children.map(
      (child) =>
        new Promise<number | null>((resolve) => {
          child.on('message', (outcome: Outcome) => take(outcome));
          child.on('exit', resolve);
        }),
    ),
  );
  if (codes.some((code) => code !== 0)) throw new Error('a worker ended early');
  const often = [...saw].sort(([, a], [, b]) => b - a);
  if (sabotage) say(`the mutant made a difference ${sabotaged} times`);
  if (sabotage && sabotaged === 0)
    throw new Error('--mutant: it aims at nothing that happens in these seeds');
  say(`seen: ${often.map(([what, times]) => `${what} ${times}`).join(', ')}`);
  return failed;
}

async function main(): Promise<number> {
  const config = settings();
  const worker = process.env.FAULTS_WORKER;
  if (config.help) say(HELP);
  else if (worker !== undefined) await work(config, Number(worker));
  else if (config['each-await']) {
    const { failed, points } = await killedAtEachAwait((outcome) => report(outcome, true), config.sabotage);
    say(`killed at ${points} await points, ${failed} failed`);
    return failed;
  } else if (config.trace) {
    hermetic(say);
    const outcome = await simulate(planOf(String(config.from)), { sabotage: config.sabotage, echo: say });
    return outcome.problems.length;
  } else return shared(config);
  return 0;
}

main().then(
  (failed) => {
    process.exitCode = failed === 0 ? 0 : 1;
  },
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  },
);
