import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
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
