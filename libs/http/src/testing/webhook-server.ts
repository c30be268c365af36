import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { openMemoryKeys } from '#adapters';
import type { JsonObject } from '#std';

export interface WebhookOptions<Review, Said> {
  readonly path: string;
  /** What is answered to a review at first; a test may set another. */
  readonly say: (review: Review) => Said | 'nothing';
  /** The body of the answer that says it. A string goes out as it is. */
  readonly body: (said: Said, review: Review) => JsonObject | string;
}

/** A webhook over HTTPS, with a certificate of its own authority. */
export class WebhookServer<Review, Said> {
  /** Called once for each review. `nothing`: the request is never answered. */
  say: (review: Review) => Said | 'nothing';
  /** Answers wait for this. */
  held: Promise<void> = Promise.resolve();
  readonly seen: Review[] = [];

  private constructor(
    private readonly server: Server,
    readonly caBundle: string,
    private readonly options: WebhookOptions<Review, Said>,
  ) {
    this.say = options.say;
    server.on('request', (request, response) => {
      let text = '';
      request.on('data', (part: Buffer) => (text += part.toString()));
      request.on('end', () => {
        const review = JSON.parse(text) as Review;
        this.seen.push(review);
        const said = this.say(review);
        if (said === 'nothing') return;
        const body = options.body(said as Said, review);
        void this.held.then(() => response.end(typeof body === 'string' ? body : JSON.stringify(body)));
      });
    });
  }

  static async start<Review, Said>(options: WebhookOptions<Review, Said>): Promise<WebhookServer<Review, Said>> {
    const keys = await openMemoryKeys();
    const names = { commonName: 'hook', ipAddresses: ['127.0.0.1'] };
    const { certificate, privateKey } = await keys.issueCertificate({ ...names, usage: 'server' });
    const server = createServer({ cert: certificate, key: privateKey });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new WebhookServer(server, Buffer.from(keys.caCertificate).toString('base64'), options);
  }

  get url(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}${this.options.path}`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
