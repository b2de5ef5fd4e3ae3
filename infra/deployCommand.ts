import { parseArgs } from 'node:util';
import file from '../ampjar.settings.ts';
import { deploy } from './deploying.ts';
import { readSettings, SettingError } from './settings.ts';

const HELP = `npm run deploy -- [flags]: deploys a stage of ampjar.settings.ts (docs/deploy.md)

  --stage NAME   which one; production unless told
  --yes          ask nothing: set up the CDK in an account that lacks it, and take changes of who may do what
  --help         this text
`;

const isBadFlag = (error: unknown) =>
  error instanceof TypeError && (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS');

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { stage: { type: 'string' }, yes: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  // Which Node the SDK asks for from 2027 on is for package.json to settle, not for each command to repeat.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  await deploy(readSettings(file, values.stage ?? 'production'), {
    yes: values.yes ?? false,
    print: console.log,
  });
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = isBadFlag(error) || error instanceof SettingError ? 2 : 1;
});
