import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { readFlags } from '../../shared/command/flags.ts';
import { runMain } from '../options.ts';
import { Findings } from './findings.ts';
import { FLAGS, HELP, readChoices } from './options.ts';
import { setUp, unitOf } from './setup.ts';

const print = (line: string) => void process.stdout.write(`${line}\n`);

runMain(async (args, env) => {
  const { values } = readFlags(args, FLAGS);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const choices = await readChoices(values, env);
  const machine = {
    node: process.execPath,
    root: fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, ''),
    hostname: hostname(),
    clock: () => new Date(),
  };
  if (values.print) {
    process.stdout.write(unitOf(choices, machine));
    return 0;
  }
  const findings = new Findings(print);
  const next = await setUp(choices, machine, findings);
  findings.tellNext(next);
  return findings.failed > 0 ? 1 : 0;
});
