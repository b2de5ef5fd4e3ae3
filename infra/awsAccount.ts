import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { DeployError } from './deployError.ts';
import { FIT_REGION, isFitRegion } from './regions.ts';
import type { Settings } from './settings.ts';

/** Where a stage is deployed to. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

/**
 * The account of the credentials at hand, and the Region of the settings or of the AWS configuration at hand.
 * @throws DeployError that says what is missing, or that account or Region will not do
 */
export async function placeOf({ stage, account: wanted, region: named }: Settings): Promise<Place> {
  const sts = new STSClient(named === undefined ? {} : { region: named });
  try {
    const region = await sts.config.region().catch(() => {
      throw new DeployError(
        `region: not set, expected a Region in the settings of ${stage}, in AWS_REGION or in the AWS profile`,
      );
    });
    if (!isFitRegion(region)) throw new DeployError(`region: "${region}", expected ${FIT_REGION}`);
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

/** An error of AWS's, for a line. */
export const oneLine = ({ name, message }: Error) => `${name}: ${message.split('\n', 1)[0]}`;
