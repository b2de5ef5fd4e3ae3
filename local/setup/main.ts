import { fileURLToPath } from 'node:url';
import { runMain } from '../../connector/options.ts';
import { Findings } from '../../connector/setup/findings.ts';
import { readFlags } from '../../shared/command/flags.ts';
import { FLAGS, HELP, readChoices } from './options.ts';
import { setUp } from './setup.ts';
import { unit } from './unit.ts';

const print = (line: string) => void process.stdout.write(`${line}\n`);

runMain(async (args, env) => {
  const { values } = readFlags(args, FLAGS);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const choices = readChoices(values, env);
  const machine = {
    node: process.execPath,
    root: fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, ''),
    clock: () => new Date(),
  };
  if (values.print) {
    process.stdout.write(unit(choices, machine));
    return 0;
  }
  const findings = new Findings(print);
  const next = await setUp(choices, machine, findings);
  findings.tellNext(next);
  return findings.failed > 0 ? 1 : 0;
});
