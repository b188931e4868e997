-- Rules, templates and the shared layers of preferences: every version ever saved.

create table catalogue_version (
  tenant  text primary key,
  version bigint not null
);

create table catalogue (
  tenant            text        not null,
  catalogue_version bigint      not null,
  ordinal           integer     not null,
  kind              smallint    not null,
  version           integer     not null,
  state             smallint    not null,
  from_file         boolean     not null,
  saved_at          timestamptz not null,
  name              text        not null,
  body              text        not null,
  primary key (tenant, catalogue_version, ordinal)
);

create table catalogue_import (
  tenant text not null,
  file   text not null,
  hash   text not null,
  primary key (tenant, file)
);
