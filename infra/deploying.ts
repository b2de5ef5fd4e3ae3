import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { PUBLIC, writeWhole } from '../shared/command/files.ts';
import type { Reached } from './answering.ts';
import { type Place, placeOf } from './awsAccount.ts';
import { checkConcurrency } from './deploy/quota.ts';
import { standingOf, unprotect } from './deploy/stacks.ts';
import { LEAST_TOOLKIT, toolkitVersion } from './deploy/toolkit.ts';
import { checkZone } from './deploy/zone.ts';
import { DeployError } from './deployError.ts';
import { type Settings, stackName, usEast1StackName } from './settings.ts';
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
 * @returns where it is reached
 * @throws DeployError
 */
export async function deploy(settings: Settings, { yes, outputs: file, print }: Deploying): Promise<Reached> {
  const { stage } = settings;
  const place = await placeOf(settings);
  print(`${stage}: account ${place.account}, ${place.region}`);
  const stacks = stacksOf(settings, place.region);
  await checkConcurrency(settings, { region: place.region, stack: stackName(stage) });
  if (settings.domain && 'hostedZoneId' in settings.domain) await checkZone(settings.domain);
  const env = { AWS_REGION: place.region, AWS_DEFAULT_REGION: place.region };
  for (const region of new Set(Object.values(stacks))) await setUp({ ...place, region }, yes, env);
  await run(env, 'node', '--import', 'tsx', 'cli/main.ts', 'dev', 'widget');
  const told = await deployStacks(stage, stacks, { yes, env, print });
  const outputs = told[stackName(stage)]!;
  await uploadStatic({ region: place.region, bucket: outputs.StaticBucketName! }, root('dist/static'));
  await remember(file, told);
  print(nextSteps(settings, file, outputs));
  const functions = [outputs.ReadsFunctionUrl!, outputs.LnurlFunctionUrl!];
  return { edge: outputs.PublicUrl!, functions: functions.map((url) => url.replace(/\/$/, '')) };
}

/** The stacks of a stage, and the Region of each. */
function stacksOf(settings: Settings, region: string): Record<string, string> {
  const beside = usEast1StackName(settings);
  return { ...(beside && { [beside]: 'us-east-1' }), [stackName(settings.stage)]: region };
}

async function setUp({ account, region }: Place, yes: boolean, env: NodeJS.ProcessEnv): Promise<void> {
  const version = await toolkitVersion(region);
  if (version !== undefined && version >= LEAST_TOOLKIT) return;
  const what =
    version === undefined
      ? `the CDK is not set up in account ${account}, ${region}`
      : `the CDK's set-up in account ${account}, ${region} is of version ${version}, expected ${LEAST_TOOLKIT} or later`;
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

/** How stacks are deployed. */
interface Way {
  readonly yes: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly print: (line: string) => void;
}

/**
 * Deploy the stacks of a stage. One that is not there yet is made without protection and protected when it stands, so that a creation
 * that fails leaves nothing, and the command can be typed again.
 */
async function deployStacks(stage: string, stacks: Record<string, string>, way: Way): Promise<Outputs> {
  const made: string[] = [];
  for (const [name, region] of Object.entries(stacks)) {
    const standing = await standingOf(name, region);
    if (standing === 'failed') {
      way.print(`${name}: its creation failed before, and is begun anew`);
      await unprotect(name, region);
    }
    if (standing !== 'there') made.push(name);
  }
  if (made.length === 0) return cdkDeploy(stage, [], way);
  await cdkDeploy(stage, made, way);
  way.print(`${made.join(', ')}: made, and now protected`);
  return cdkDeploy(stage, [], way);
}

/** @param unprotected the stacks that are being made */
async function cdkDeploy(stage: string, unprotected: string[], { yes, env }: Way): Promise<Outputs> {
  const folder = await mkdtemp(join(tmpdir(), 'ampjar-deploy-'));
  try {
    const file = join(folder, 'outputs.json');
    await run(
      env,
      ...['node_modules/.bin/cdk', 'deploy', '--all', '-c', `stage=${stage}`, '--outputs-file', file],
      ...(unprotected.length > 0 ? ['-c', `unprotected=${unprotected.join(',')}`] : []),
      ...(yes ? ['--require-approval', 'never'] : []),
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

/** How CloudFront proves to the functions who asks, and why so. */
const PROOFS: Record<Settings['originAccess'], string> = {
  signature:
    'CloudFront signs what it asks of the functions, and IAM lets in nobody else (originAccess: "signature")',
  header:
    'CloudFront sends a secret along, without which the functions answer nobody, as the settings ask (originAccess: "header")',
};

const nextSteps = (
  { stage, originAccess }: Settings,
  file: string,
  { PublicUrl, ManageUrl, TableName, Region }: Record<string, string>,
) => `
readers   ${PublicUrl}
manage    ${ManageUrl}
table     ${TableName}
edge      ${PROOFS[originAccess]}
All of it is written down in ${file}. Next, as docs/deploy.md tells:

  npx ampjar connector setup --stack ${stackName(stage)} …    beside lnd, with that file
  npx ampjar keys bootstrap --table ${TableName} --region ${Region}
`;
