import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import {
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  ResponseHeadersPolicy,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

/** The file that sites name, and those that it names, each by its content. */
const PATHS = ['/widget.js', '/widget/*'];

/** A bucket for the widget's files that CloudFront alone reads. `npm run deploy` puts them there (infra/upload.ts). */
export class StaticFiles extends Construct {
  /** How CloudFront answers at their paths. */
  readonly behaviours: Record<string, BehaviorOptions>;
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'CloudFront alone reads, and who reads there is not logged.',
    });
    const behaviour: BehaviorOptions = {
      origin: S3BucketOrigin.withOriginAccessControl(this.bucket),
      allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      cachePolicy: CachePolicy.CACHING_OPTIMIZED,
      responseHeadersPolicy: this.#forOtherSites(),
      compress: true,
    };
    this.behaviours = Object.fromEntries(PATHS.map((path) => [path, behaviour]));
  }

  /** Modules that pages of other sites load, those that isolate themselves included. */
  #forOtherSites() {
    return new ResponseHeadersPolicy(this, 'ForOtherSites', {
      comment: 'Any site may load it',
      corsBehavior: {
        accessControlAllowCredentials: false,
        accessControlAllowHeaders: ['*'],
        accessControlAllowMethods: ['GET', 'HEAD', 'OPTIONS'],
        accessControlAllowOrigins: ['*'],
        originOverride: true,
      },
      customHeadersBehavior: {
        customHeaders: [{ header: 'cross-origin-resource-policy', value: 'cross-origin', override: true }],
      },
      securityHeadersBehavior: { contentTypeOptions: { override: true } },
    });
  }
}
