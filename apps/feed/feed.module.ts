import { Module } from '@nestjs/common';
import { FeedHost } from '#nest';

/** Publishes the log for outside subscribers. */
@Module({ providers: [FeedHost] })
export class FeedModule {}
