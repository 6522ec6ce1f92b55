import { Inject, Injectable } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { applicationConfigOf } from '../application-config.js';
import { RequestGuard } from '../requests/request.guard.js';
import { pagesOf } from './page.decorators.js';
import { rawOf } from './raw.js';

/** Where Nest keeps what `@UseGuards` has said. */
const GUARDS_METADATA = '__guards__';

/** Where passport, express-session and their like put what they have found out. */
const ATTACHED_BY_AUTHENTICATION = ['user', 'session', 'auth', 'account', 'principal', 'tenant'];

/** Which pages must not be given before the guards: all that have any, unless the page says otherwise. */
@Injectable()
export class Guards {
  constructor(@Inject(ModuleRef) private readonly moduleRef: ModuleRef) {}

  /** Whether a guard, or a middleware that has found out who asks, may decide who gets the answer. */
  mayDecideAbout(context: ExecutionContext): boolean {
    const [controller, handler] = [context.getClass(), context.getHandler()];
    // What gives a page away must stand beside its guards: not on a class around another page.
    if (pagesOf(controller, handler).at(-1)?.front === true) return false;
    if (guardsOn(controller).length > 0 || guardsOn(handler).length > 0) return true;
    if (this.#hasGlobalGuards()) return true;
    const request = context.switchToHttp().getRequest<Record<string, unknown>>();
    const req = rawOf(context).req as unknown as Record<string, unknown>;
    return ATTACHED_BY_AUTHENTICATION.some((name) => Boolean(request[name] ?? req[name]));
  }

  #hasGlobalGuards(): boolean {
    const config = applicationConfigOf(this.moduleRef);
    if (config === undefined) return true; // nobody knows
    const ours = config.getGlobalGuards().filter((guard) => guard instanceof RequestGuard);
    const others = config.getGlobalGuards().length - ours.length;
    return others + config.getGlobalRequestGuards().length > 0;
  }
}

/** What `@UseGuards` has said on a class or handler. */
export function guardsOn(target: object): readonly unknown[] {
  return (Reflect.getMetadata(GUARDS_METADATA, target) ?? []) as readonly unknown[];
}
