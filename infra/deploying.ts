import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { PUBLIC, writeWhole } from '../shared/files.ts';
import { checkConcurrency, isBootstrapped, type Place, placeOf } from './awsAccount.ts';
import { DeployError } from './deployError.ts';
import { needsUsEast1, type Settings, stackName } from './settings.ts';
import { uploadStatic } from './upload.ts';

const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** What all deployments made from here told, by the name of their stack. */
export const OUTPUTS_FILE = 'ampjar.outputs.json';

type Outputs = Record<string, Record<string, string>>;

/** How a deployment is made. */
export interface Deploying {
  /** Ask nothing. */
  readonly yes: boolean;
  /** The file to write down in what the stacks tell, from the project's root. */
  readonly outputs: string;
  readonly print: (line: string) => void;
}

/**
 * Deploy a stage: set up the CDK where it is not, deploy the stacks, put the static files in their bucket, and write down what the
 * stacks tell.
 * @returns the origin that readers know, without a slash at its end
 * @throws DeployError
 */
export async function deploy(settings: Settings, { yes, outputs: file, print }: Deploying): Promise<string> {
  const { stage } = settings;
  const place = await placeOf(settings);
  print(`${stage}: account ${place.account}, ${place.region}`);
  await checkConcurrency(settings, place.region);
  const env = { AWS_REGION: place.region, AWS_DEFAULT_REGION: place.region };
  const regions = new Set([place.region, ...(needsUsEast1(settings) ? ['us-east-1'] : [])]);
  for (const region of regions) await setUp({ ...place, region }, yes, env);
  await run(env, 'node', '--import', 'tsx', 'widget/main.ts');
  const told = await deployStacks(stage, yes, env);
  const outputs = told[stackName(stage)]!;
  await uploadStatic({ region: place.region, bucket: outputs.StaticBucketName! }, root('dist/static'));
  await remember(file, told);
  print(nextSteps(stage, file, outputs));
  return outputs.PublicUrl!;
}

async function setUp({ account, region }: Place, yes: boolean, env: NodeJS.ProcessEnv): Promise<void> {
  if (await isBootstrapped(region)) return;
  const what = `the CDK is not set up in account ${account}, ${region}`;
  if (!yes && !(await agreed(`${what}: it needs a bucket and roles of its own there. Set it up?`)))
    throw new DeployError(
      `${what}: say yes, give --yes, or set it up with npx cdk bootstrap aws://${account}/${region}`,
    );
  await run(env, 'node_modules/.bin/cdk', 'bootstrap', `aws://${account}/${region}`);
}

/** Whether someone at a terminal says yes. */
async function agreed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test(await asking.question(`${question} [y/N] `));
  } finally {
    asking.close();
  }
}

async function deployStacks(stage: string, yes: boolean, env: NodeJS.ProcessEnv): Promise<Outputs> {
  const folder = await mkdtemp(join(tmpdir(), 'ampjar-deploy-'));
  try {
    const file = join(folder, 'outputs.json');
    const approval = yes ? ['--require-approval', 'never'] : [];
    await run(
      env,
      ...['node_modules/.bin/cdk', 'deploy', '--all', '-c', `stage=${stage}`, '--outputs-file', file],
      ...approval,
    );
    return JSON.parse(await readFile(file, 'utf8'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Run a command of the project to its end, at this terminal. */
const run = (env: NodeJS.ProcessEnv, ...[command, ...args]: string[]) =>
  new Promise<void>((resolve, reject) => {
    const child = spawn(command!, args, { cwd: root(''), env: { ...process.env, ...env }, stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new DeployError(`${[command, ...args].join(' ')} failed; see above`)),
    );
  });

/** Write down what stacks told, beside what others told before. */
async function remember(name: string, told: Outputs): Promise<void> {
  const file = resolve(root(''), name);
  const before = await readFile(file, 'utf8').then(JSON.parse, () => ({}));
  await writeWhole(file, `${JSON.stringify({ ...before, ...told }, undefined, 2)}\n`, PUBLIC);
}

const nextSteps = (
  stage: string,
  file: string,
  { PublicUrl, ManageUrl, TableName, Region }: Record<string, string>,
) => `
readers   ${PublicUrl}
manage    ${ManageUrl}
table     ${TableName}
All of it is written down in ${file}. Next, as docs/deploy.md tells:

  npx ampjar connector-setup --stack ${stackName(stage)} …    beside lnd, with that file
  npm run key -- add --operator --table ${TableName} --region ${Region}
`;
