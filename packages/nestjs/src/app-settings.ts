import { InvalidOptionError } from '@locmem/core';
import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { applicationConfigOf } from './application-config.js';
import type { AppOptions } from './locmem.options.js';
import { processWide } from './process-wide.js';
import type { AddressRules } from './requests/request-address.js';
import { wantRequests } from './requests/request-scope.js';

const NAMES = ['keyPrefix', 'version', 'pages', 'front'] as const;
/** What cached methods go by in guards, too, which are called before anything that comes late. */
const SETS_APART = new Set<string>(['keyPrefix', 'version']);

/** What has been said of an application. */
interface Said {
  options: AppOptions;
  /** Nothing can set its requests apart any more. */
  isSettled: boolean;
}

/**
 * By the configuration of the application: for a module that is loaded lazily, Nest 10 makes another object
 * of what there should be once.
 */
const saidOf = processWide('said/1', () => new WeakMap<object, Said>());

/** What holds for the whole application, whichever registration of the module has said it. */
@Injectable()
export class AppSettings {
  readonly #said: Said;

  constructor(@Inject(ModuleRef) moduleRef: ModuleRef) {
    const application = applicationConfigOf(moduleRef) ?? this;
    this.#said = saidOf.get(application) ?? { options: {}, isSettled: false };
    saidOf.set(application, this.#said);
  }

  /** @throws {InvalidOptionError} when another registration has said it already, or it is too late to */
  adopt(options: AppOptions): void {
    for (const name of NAMES) {
      const value = options[name];
      if (value === undefined) continue;
      if (this.#said.options[name] !== undefined) {
        const rule = 'holds for the whole application, and another registration has set it already';
        throw new InvalidOptionError('LocMemModule', name, rule, value);
      }
      if (SETS_APART.has(name) && this.#said.isSettled) {
        const rule = 'must be set before the application is set up: its guards would not go by it';
        throw new InvalidOptionError('LocMemModule', name, rule, value);
      }
      this.#said.options = { ...this.#said.options, [name]: value };
    }
    if (this.address !== undefined) wantRequests();
  }

  /** Middleware and guard are in their places, or spared: nothing can set requests apart any more. */
  settle(): void {
    this.#said.isSettled = true;
  }

  get address(): AddressRules | undefined {
    const { keyPrefix, version } = this.#said.options;
    return keyPrefix === undefined && version === undefined ? undefined : { keyPrefix, version };
  }

  get pages(): AppOptions['pages'] {
    return this.#said.options.pages;
  }

  get front(): boolean {
    return this.#said.options.front ?? false;
  }
}
