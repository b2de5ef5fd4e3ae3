import file from '../ampjar.settings.ts';
import { isFlagError, readFlags } from '../shared/command/flags.ts';
import { notAnswering, type Wrong } from './answering.ts';
import { DeployError } from './deployError.ts';
import { deploy, OUTPUTS_FILE } from './deploying.ts';
import { readSettings, SettingError, type Settings } from './settings.ts';

const HELP = `npm run deploy -- [flags]: deploys a stage of ampjar.settings.ts (docs/deploy.md)

  --stage NAME   which one; production unless told
  --outputs FILE where to write down what the stacks tell, beside what is there; ampjar.outputs.json
  --yes          ask nothing: set up the CDK in an account that lacks it, and take changes of who may do what
  --help         this text
`;

async function main(args: string[]): Promise<void> {
  const { values } = readFlags(args, {
    stage: { type: 'string' },
    outputs: { type: 'string' },
    yes: { type: 'boolean' },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  // Which Node the SDK asks for from 2027 on is for package.json to settle, not for each command to repeat.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const settings = readSettings(file, values.stage ?? 'production');
  const reached = await deploy(settings, {
    yes: values.yes ?? false,
    outputs: values.outputs ?? OUTPUTS_FILE,
    print: console.log,
  });
  const wrong = await notAnswering(reached);
  if (wrong.length > 0)
    throw new DeployError(
      `deployed, but not all of it answers at ${reached.edge}:\n  ${wrong.map(({ says }) => says).join('\n  ')}${wayOut(settings, wrong)}`,
    );
  console.log(`${reached.edge} answers`);
}

/** What to set when what CloudFront signs is refused. */
const wayOut = ({ originAccess, stage }: Settings, wrong: readonly Wrong[]) =>
  originAccess === 'signature' && wrong.some(({ isRefused }) => isRefused)
    ? `\nWhere nothing but 403 is wrong, CloudFront signs these otherwise than Lambda reads them: set originAccess: 'header' for ${stage} ` +
      'in ampjar.settings.ts, and deploy again (docs/decisions/cloudfront.md)'
    : '';

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = isFlagError(error) || error instanceof SettingError ? 2 : 1;
});
