import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { DeployError } from './deployError.ts';
import type { Settings } from './settings.ts';

/** Where a stage is deployed to. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

/**
 * The account of the credentials at hand, and the Region of the settings or of the AWS configuration at hand.
 * @throws DeployError that says what is missing, or that the account is not that of the settings
 */
export async function placeOf({ stage, account: wanted, region: named }: Settings): Promise<Place> {
  const sts = new STSClient(named === undefined ? {} : { region: named });
  try {
    const region = await sts.config.region().catch(() => {
      throw new DeployError(
        `region: not set, expected a Region in the settings of ${stage}, in AWS_REGION or in the AWS profile`,
      );
    });
    const { Account: account = '' } = await sts
      .send(new GetCallerIdentityCommand({}))
      .catch((error: Error) => {
        throw new DeployError(`credentials: ${oneLine(error)}, expected those of the account to deploy to`);
      });
    if (wanted !== undefined && account !== wanted)
      throw new DeployError(
        `credentials: of account ${account}, expected ${wanted}, as the settings of ${stage} have it`,
      );
    return { account, region };
  } finally {
    sts.destroy();
  }
}

const oneLine = ({ name, message }: Error) => `${name}: ${message.split('\n', 1)[0]}`;

/** The stack by which the CDK prepares an account and Region for its own deployments. */
const TOOLKIT = 'CDKToolkit';

/** Whether the CDK was set up in a Region of the account at hand. */
export async function isBootstrapped(region: string): Promise<boolean> {
  const cloudFormation = new CloudFormationClient({ region });
  try {
    await cloudFormation.send(new DescribeStacksCommand({ StackName: TOOLKIT }));
    return true;
  } catch (error) {
    if ((error as Error).name === 'ValidationError') return false;
    throw new DeployError(`CloudFormation in ${region}: ${oneLine(error as Error)}`);
  } finally {
    cloudFormation.destroy();
  }
}

/** What Lambda leaves for functions that reserve nothing: none may reserve more. */
const KEPT_FREE = 100;

/**
 * Look whether the account may run as many copies of functions at once as the settings reserve. A new account may run ten.
 * @throws DeployError that names the settings
 */
export async function checkConcurrency(settings: Settings, region: string): Promise<void> {
  const reserved = RESERVING.map((setting) => settings[setting]).filter((copies) => copies !== 'account');
  const sum = reserved.reduce((all, copies) => all + copies, 0);
  if (sum === 0) return;
  const lambda = new LambdaClient({ region });
  try {
    const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand({}));
    const limit = AccountLimit?.ConcurrentExecutions ?? 0;
    if (sum + KEPT_FREE > limit)
      throw new DeployError(
        `${RESERVING.join(', ')}: ${sum} in all, expected ${limit > KEPT_FREE ? `at most ${limit - KEPT_FREE}, or ` : ''}"account" for each: ` +
          `Lambda runs at most ${limit} copies of functions for this account in ${region}, and keeps ${KEPT_FREE} of them free`,
      );
  } finally {
    lambda.destroy();
  }
}

const RESERVING = ['publicConcurrency', 'lnurlConcurrency', 'manageConcurrency'] as const;
