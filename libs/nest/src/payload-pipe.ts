import { Catch, Injectable, type ArgumentMetadata, type ExceptionFilter, type PipeTransform } from '@nestjs/common';
import { validate } from 'class-validator';
import { throwError, type Observable } from 'rxjs';
import { Fault } from '#std';

/** A message that is not what its subject promises. Sending it again would not help. */
export class BadPayload extends Fault {
  override readonly name = 'BadPayload';
}

/**
 * Checks a payload against its class, on the outer level: what lies deeper is an object of the API and has its own
 * schema. Unlike Nest's own pipe it copies nothing, since payloads may hold whole clusters.
 */
@Injectable()
export class PayloadPipe implements PipeTransform {
  async transform(value: unknown, { type, metatype }: ArgumentMetadata): Promise<unknown> {
    if (type !== 'body' || metatype === undefined || metatype === Object) return value;
    if (typeof value !== 'object' || value === null) throw new BadPayload('the payload is no object', false);
    const payload: object = Object.assign(new (metatype as new () => object)(), value);
    const problems = await validate(payload, { forbidUnknownValues: false });
    if (problems.length === 0) return payload;
    const sentences = problems.flatMap((problem) => Object.values(problem.constraints ?? {}));
    throw new BadPayload(`the payload is not valid: ${sentences.join('; ')}`, false);
  }
}

/** Hands a handler's error to the asker as it is; Nest would answer "Internal server error" and keep the reason. */
@Catch()
export class FaultFilter implements ExceptionFilter {
  catch(exception: unknown): Observable<never> {
    return throwError(() => exception);
  }
}
