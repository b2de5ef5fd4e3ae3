import { fileURLToPath } from 'node:url';
import { isFlagError, readFlags } from '../shared/command/flags.ts';
import { buildWidget } from './build.ts';

const HELP = `npm run widget: builds the widget's files into dist/static, as they are served
`;

async function main(args: readonly string[]): Promise<void> {
  if (readFlags(args, {}).values.help) return void process.stdout.write(HELP);
  await buildWidget(fileURLToPath(new URL('../dist/static', import.meta.url)));
}

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = isFlagError(error) ? 2 : 1;
});
