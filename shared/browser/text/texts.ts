import type { Content, Part } from '../part.ts';

/** Problems of which a page says what a visitor can do. */
type AdvisedProblem =
  | 'unknown-creator'
  | 'unknown-option'
  | 'closed-creator'
  | 'invoice-pending'
  | 'unknown-path'
  | 'table-unavailable';

/**
 * All that people are shown, in one language: a module that exports each of these. A script of a browser has the parts that it
 * names, and no other.
 */
export interface Texts {
  /** The language's tag, as HTML has it (BCP 47). */
  readonly lang: string;
  /** An amount of msat, decimal digits, in satoshi. */
  readonly sat: (msat: string) => string;
  /** A day in UTC. */
  readonly day: (at: Date) => string;
  /** A minute in UTC, which it says. */
  readonly minute: (at: Date) => string;
  /** What tip page and tip jar both say. */
  readonly jar: {
    readonly tip: (name: string | Part) => Content;
    readonly anyAmount: string;
    /** What is chosen among. */
    readonly amount: string;
    readonly openInWallet: string;
    readonly paymentRequest: string;
    readonly otherWallet: string;
    readonly openByLnurl: string;
    readonly lightningAddress: string;
    readonly copy: string;
  };
  /** What a button says that has copied. */
  readonly copied: string;
  readonly tipPage: {
    readonly title: (name: string) => string;
    readonly description: (name: string) => string;
    readonly subtitle: (handle: string, amount: string) => string;
    readonly ampInvoice: string;
    readonly ampWallet: string;
    /** The title of the code's picture; `requestCode` is what its link says. */
    readonly codeTitle: string;
    readonly requestCode: (amount: string) => string;
    readonly reusable: (until: string) => string;
    readonly needsAmp: string;
    /** Goes on after it, where there is another code. */
    readonly elseTake: (href: string) => Content;
    readonly recentTips: string;
    readonly noTips: string;
  };
  readonly paymentLinks: {
    readonly lnurlTitle: string;
    readonly lnurlCode: (amount: string) => string;
    readonly copyAddress: string;
    readonly codeAsks: (amount: string) => string;
    readonly satoshi: string;
    readonly message: string;
    readonly payByBrowser: string;
    /** @param lnurlp a link that some wallets open, where there is one */
    readonly whichWallets: (lnurlp: string | undefined) => Content;
    readonly oneCode: string;
    readonly oneCodeTitle: string;
    readonly oneCodeOf: string;
    readonly whatOneCodeDoes: string;
  };
  /** What the form says that pays with the browser's own wallet. */
  readonly browserWallet: {
    readonly badAmount: string;
    readonly asking: string;
    readonly noAnswer: string;
    readonly noInvoice: (reason: string | undefined) => string;
    readonly walletAsks: string;
    readonly notPaid: (reason: string | undefined) => string;
    readonly arriving: string;
    readonly arrived: string;
    readonly notSeen: string;
  };
  readonly problem: {
    /** Titles by kind of problem; one that is missing stands as the API has it, in English. */
    readonly titles: Readonly<Record<string, string>>;
    readonly advice: Readonly<Record<AdvisedProblem, string>>;
    readonly triesAgain: string;
    readonly home: string;
  };
  readonly home: {
    readonly title: string;
    readonly intro: string;
    readonly toTip: string;
    readonly howToTip: Content;
    readonly toBuild: string;
    readonly howToBuild: (docs: string) => Content;
  };
  readonly docs: {
    readonly title: string;
    readonly intro: (openapi: string) => Content;
    readonly ownPage: string;
    readonly otherSite: Content;
    readonly withKey: string;
    readonly howWithKey: Content;
  };
  readonly overlay: {
    readonly title: (name: string) => string;
    readonly needsScript: string;
    /** The tip that nobody paid, to place an overlay by. */
    readonly sample: { readonly sender: string; readonly message: string };
  };
  readonly widget: {
    readonly label: (name: string) => string;
    readonly invoiceCode: (amount: string) => string;
    readonly lnurlCode: (amount: string) => string;
    readonly needsAmp: string;
    readonly tipPage: string;
    readonly tryAgain: string;
    readonly unreachable: string;
    readonly unknown: string;
    readonly closed: string;
    readonly pending: string;
    readonly failed: string;
    /** Told to who writes the page. @param value null where it is not set */
    readonly badAttribute: (name: string, value: string | null, expected: string) => string;
    readonly expected: { readonly handle: string; readonly option: string; readonly host: string };
  };
}
