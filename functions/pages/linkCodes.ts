import { paymentLinks as text } from '../../shared/browser/text/index.ts';
import type { PaymentLinks } from '../../shared/contract/paymentLinks.ts';
import { linkQrPng, linkQrSvg, qrPng, qrSvg } from '../../shared/qr/qr.ts';

/** The QR codes beside that of the AMP invoice. */
export type LinkCode = 'lnurl' | 'any';

const DRAWN = {
  svg: {
    lnurl: ({ lnurl }: PaymentLinks) => qrSvg(lnurl, { title: text.lnurlTitle }),
    any: ({ link }: PaymentLinks) => linkQrSvg(link, { title: text.oneCodeTitle }),
  },
  png: {
    lnurl: ({ lnurl }: PaymentLinks) => qrPng(lnurl),
    any: ({ link }: PaymentLinks) => linkQrPng(link),
  },
};

/** Draw a code. */
export const drawCode = (links: PaymentLinks, code: LinkCode, form: keyof typeof DRAWN) =>
  DRAWN[form][code](links);
