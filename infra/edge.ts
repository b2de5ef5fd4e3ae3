import { Duration, Validations } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  Distribution,
  Function as EdgeFunction,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
  HttpVersion,
  PriceClass,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import type { IFunctionUrl } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ASKED_HOST, VIEWER_ADDRESS } from '../shared/contract/edgeHeaders.ts';
import { acceptAlone, keptAsTold, wholeQuery } from './caching.ts';
import type { OriginAccess } from './edge/originAccess.ts';

/** What CloudFront would keep for ten seconds unless told: an answer's own headers say better. */
const ERRORS = [400, 403, 404, 405, 414, 500, 501, 502, 503, 504];

/**
 * Tells the functions which host was asked for: at their own URL they are asked by that URL's name. It writes over what a viewer
 * sends, and CloudFront answers to no host but its own.
 */
const TELL_HOST = `function handler(event) {
  event.request.headers['${ASKED_HOST}'] = { value: event.request.headers.host.value };
  return event.request;
}`;

/** A domain of one's own, with its certificate in us-east-1. */
export interface EdgeDomain {
  readonly name: string;
  readonly certificate: ICertificate;
}

/**
 * What readers and wallets reach: CloudFront before the URLs of the two functions that answer them, and before the static files
 * (docs/decisions/cloudfront.md).
 */
export class Edge extends Construct {
  /** The origin that readers know, without a slash at its end. */
  readonly url: string;
  readonly distribution: Distribution;

  constructor(
    scope: Construct,
    id: string,
    {
      reads,
      lnurl,
      access,
      files,
      domain,
      firewallArn,
    }: {
      readonly reads: IFunctionUrl;
      readonly lnurl: IFunctionUrl;
      /** How CloudFront proves to them who asks. */
      readonly access: OriginAccess;
      /** Paths of static files, and how they are answered. */
      readonly files: Record<string, BehaviorOptions>;
      readonly domain: EdgeDomain | undefined;
      readonly firewallArn: string | undefined;
    },
  ) {
    super(scope, id);
    const hostHeaders = domain ? [] : [ASKED_HOST];
    const shared = { ...ANSWERED, ...(!domain && this.#tellingHost()) };
    const ofReads = { ...shared, origin: access.originOf(reads) };
    const kept = keptAsTold(this, 'Kept', 'As the answer says', hostHeaders);
    const negotiated = keptAsTold(this, 'Negotiated', 'As the answer says, by Accept', [
      ...hostHeaders,
      'Accept',
    ]);
    const unkept: BehaviorOptions = {
      ...ofReads,
      cachePolicy: CachePolicy.CACHING_DISABLED,
      originRequestPolicy: wholeQuery(this, 'Asked', 'The whole query, and Accept', [
        ...hostHeaders,
        'Accept',
      ]),
    };
    const wallets: BehaviorOptions = {
      ...shared,
      origin: access.originOf(lnurl),
      cachePolicy: CachePolicy.CACHING_DISABLED,
      originRequestPolicy: wholeQuery(this, 'AskedByWallets', 'The whole query, and who asks', [
        ...hostHeaders,
        VIEWER_ADDRESS,
        'Accept',
      ]),
    };
    this.distribution = new Distribution(this, 'Distribution', {
      comment: this.node.path,
      defaultBehavior: {
        ...ofReads,
        cachePolicy: kept,
        originRequestPolicy: acceptAlone(
          this,
          'Accepting',
          'Accept, by which no answer differs that is kept',
        ),
      },
      additionalBehaviors: {
        '/v1/creators/*/invoice': { ...ofReads, cachePolicy: negotiated },
        // A payer's own, by a set id that is theirs alone to know.
        '/v1/tips/*': unkept,
        // It begins with the newest tip, and refuses what it doesn't know of a query.
        '/@*/overlay': unkept,
        '/.well-known/lnurlp/*': wallets,
        '/lnurl/*': wallets,
        ...files,
      },
      errorResponses: ERRORS.map((httpStatus) => ({ httpStatus, ttl: Duration.seconds(0) })),
      httpVersion: HttpVersion.HTTP2_AND_3,
      // Edges in Europe, Israel and North America; readers elsewhere are served from there.
      priceClass: PriceClass.PRICE_CLASS_100,
      ...(domain && {
        domainNames: [domain.name],
        certificate: domain.certificate,
        minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
      }),
      ...(firewallArn && { webAclId: firewallArn }),
    });
    this.url = `https://${domain?.name ?? this.distribution.distributionDomainName}`;
    this.#acknowledge(domain, firewallArn);
  }

  #tellingHost(): Pick<BehaviorOptions, 'functionAssociations'> {
    const tellHost = new EdgeFunction(this, 'TellHost', {
      comment: 'Tells the functions which host was asked for',
      code: FunctionCode.fromInline(TELL_HOST),
      runtime: FunctionRuntime.JS_2_0,
    });
    return { functionAssociations: [{ function: tellHost, eventType: FunctionEventType.VIEWER_REQUEST }] };
  }

  #acknowledge(domain: EdgeDomain | undefined, firewallArn: string | undefined) {
    Validations.of(this.distribution).acknowledge(
      { id: 'AwsSolutions-CFR1', reason: 'Tips come from anywhere.' },
      { id: 'AwsSolutions-CFR3', reason: 'Who reads is nobody’s business: no log of addresses is kept.' },
      ...(firewallArn
        ? []
        : [{ id: 'AwsSolutions-CFR2', reason: 'The setting firewall adds it, for a price.' }]),
      ...(domain
        ? []
        : [{ id: 'AwsSolutions-CFR4', reason: 'The name cloudfront.net comes with CloudFront’s own TLS.' }]),
    );
  }
}

const ANSWERED = {
  allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
  viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
  compress: true,
};
