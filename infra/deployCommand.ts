import file from '../ampjar.settings.ts';
import type { Asked, Outcome, Parts } from '../shared/command/command.ts';
import { mendable } from '../shared/command/failures.ts';
import { notAnswering, type Wrong } from './answering.ts';
import { deploy, OUTPUTS_FILE } from './deploying.ts';
import type { DEPLOY } from './flags.ts';
import { readSettings, SettingError, type Settings } from './settings.ts';

/** Deploy a stage of the settings, and try what it answers. */
export async function deployStage({ values }: Asked<typeof DEPLOY>, { print }: Parts): Promise<Outcome> {
  const settings = await mendable([SettingError], async () =>
    readSettings(file, values.stage ?? 'production'),
  );
  const reached = await deploy(settings, {
    yes: values.yes ?? false,
    outputs: values.outputs ?? OUTPUTS_FILE,
    print,
  });
  const wrong = await notAnswering(reached);
  if (wrong.length === 0) return { text: `${reached.edge} answers` };
  const lines = wrong.map(({ says }) => `  ${says}\n`).join('');
  process.stderr.write(
    `deployed, but not all of it answers at ${reached.edge}:\n${lines}${wayOut(settings, wrong)}`,
  );
  return { code: 1 };
}

/** What to set when what CloudFront signs is refused. */
const wayOut = ({ originAccess, stage }: Settings, wrong: readonly Wrong[]) =>
  originAccess === 'signature' && wrong.some(({ isRefused }) => isRefused)
    ? `Where nothing but 403 is wrong, CloudFront signs these otherwise than Lambda reads them: set originAccess: 'header' for ${stage} ` +
      'in ampjar.settings.ts, and deploy again (docs/decisions/cloudfront.md)\n'
    : '';
