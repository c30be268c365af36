import type { Answer, Question } from '#model';
import type { Asker, Keys } from '#ports';

/** Answers questions for certificates with the cluster's CA. */
export class CertificateSigner implements Asker<'signer'> {
  constructor(private readonly keys: Pick<Keys, 'signCertificate'>) {}

  async ask({ certificate }: Question<'signer'>): Promise<Answer<'signer'>> {
    try {
      return { is: 'answered', chain: await this.keys.signCertificate(certificate) };
    } catch (cause) {
      return { is: 'failed', why: cause instanceof Error ? cause.message : String(cause) };
    }
  }
}
