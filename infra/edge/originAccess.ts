import { Validations } from 'aws-cdk-lib';
import type { IOrigin } from 'aws-cdk-lib/aws-cloudfront';
import { FunctionUrlOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { FunctionUrlAuthType, type IFunctionUrl } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { ORIGIN_SECRET_HEADER } from '../../shared/contract/edgeHeaders.ts';
import type { Settings } from '../settings.ts';

/** 62 letters and digits, 43 times: 256 bits. */
const SECRET_LENGTH = 43;

/** How CloudFront proves to a function that it is CloudFront who asks (docs/decisions/cloudfront.md). */
export interface OriginAccess {
  /** Whom the functions' URLs let in. */
  readonly authType: FunctionUrlAuthType;
  /** What the functions have to know. */
  readonly environment: Record<string, string>;
  /** A function's URL, as CloudFront asks it. */
  readonly originOf: (url: IFunctionUrl) => IOrigin;
}

/**
 * By signature CloudFront signs each request, and IAM lets nobody else in. By header it sends a secret along that the functions look
 * for themselves: for a path or a query that is signed otherwise than Lambda reads it.
 */
export const originAccess = (scope: Construct, id: string, { originAccess: by }: Settings): OriginAccess =>
  by === 'header' ? new SecretHeader(scope, id) : SIGNED;

const SIGNED: OriginAccess = {
  authType: FunctionUrlAuthType.AWS_IAM,
  environment: {},
  originOf: (url) => FunctionUrlOrigin.withOriginAccessControl(url),
};

class SecretHeader extends Construct implements OriginAccess {
  readonly authType = FunctionUrlAuthType.NONE;
  readonly environment: Record<string, string>;
  readonly originOf: OriginAccess['originOf'];

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const secret = new Secret(this, 'Secret', {
      description: 'Ampjar: what CloudFront proves itself by to the functions behind it',
      generateSecretString: { passwordLength: SECRET_LENGTH, excludePunctuation: true },
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'CloudFront and the functions have it from one deployment, so a deployment alone can change it.',
    });
    // The template has no value but a reference, which CloudFormation resolves.
    const value = secret.secretValue.unsafeUnwrap();
    this.environment = { ORIGIN_SECRET: value };
    this.originOf = (url) => new FunctionUrlOrigin(url, { customHeaders: { [ORIGIN_SECRET_HEADER]: value } });
  }
}
