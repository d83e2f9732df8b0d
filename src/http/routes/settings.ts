/** `GET /v1/settings`: the configuration in force, secrets and passwords left out. */
import type { FastifyInstance } from 'fastify';
import { childEnv, SETTINGS, type Config } from '../../config/config.ts';
import { storedSettings } from '../tables/settings.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { pagedRead } from '../paged-route.ts';

const SettingItem = c.titled('Setting', {
  name: c.text(),
  value: c.json('null: not set, or not shown'),
  default: c.maybe(c.text()),
  type: c.text(),
  description: c.text(),
  updated_at: c.maybe(c.time('settings of the database alone')),
});

export const settings = (app: FastifyInstance, { config, postgres }: HttpContext): void =>
  pagedRead(app, {
    path: '/v1/settings',
    noun: 'settings',
    summary: 'Settings: those of the environment, then those of the database',
    filters: {},
    item: SettingItem,
    keys: ['name', 'type'],
    handle: async () => {
      const stored = (await storedSettings(postgres)).map((row) =>
        c.toItem(SettingItem, { type: 'json', description: 'kept in the database', ...row }),
      );
      return [...configured(config), ...stored];
    },
  });

/** What the environment decided. A secret is never shown, nor a password inside a URL. */
export function configured(config: Config): c.Item[] {
  const values = childEnv(config, {});
  return SETTINGS.map(({ env, type, default: fallback, description }) => ({
    name: env,
    value: type === 'secret' ? null : withoutPassword(values[env] ?? null),
    default: withoutPassword(fallback),
    type,
    description,
    updated_at: null,
  }));
}

const withoutPassword = (value: string | null): string | null =>
  value?.replace(/(\/\/[^:@/]*):[^@]*@/, '$1:***@') ?? null;
