import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from worker.errors import BadSettings, Unavailable, UserError
from worker.migrate import MigrationFailed, migrate, rollback
from worker.migrate_drift import Difference, Drift, drift, listing
from worker.migrate_files import MigrationFile, migration_files

FILES = migration_files()

# Everything that a user of the database can tell, one line of text each; yoyo's own tables are not ours.
SCHEMA = """
with spaces as (select oid, nspname from pg_namespace where nspname in ('worker', 'public')),
     things as (select c.*, nspname || '.' || relname as name from pg_class c
                  join spaces on spaces.oid = relnamespace where relname !~ '^_yoyo|^migration_hashes')
select 'relation', name, relkind::text, reloptions::text,
       nullif(relacl::text,  -- Rights that were given and taken back leave the owner's own, written out.
              acldefault((case relkind when 'S' then 's' else 'r' end)::"char", relowner)::text),
       relrowsecurity::text, relforcerowsecurity::text, pg_get_expr(relpartbound, oid), pg_get_viewdef(oid)
  from things where relkind in ('r', 'p', 'v', 'm', 'S')
union all
select 'column', name, attname, format_type(atttypid, atttypmod), attnotnull::text,
       attidentity::text || attgenerated::text, attacl::text, attstorage::text, pg_get_expr(adbin, adrelid)
  from things join pg_attribute on attrelid = things.oid and attnum > 0 and not attisdropped
  left join pg_attrdef on adrelid = attrelid and adnum = attnum where relkind in ('r', 'p', 'v', 'm')
union all
select 'index', name, pg_get_indexdef(oid), '', '', '', '', '', '' from things where relkind in ('i', 'I')
union all
select 'constraint', name, conname, pg_get_constraintdef(c.oid), '', '', '', '', ''
  from pg_constraint c join things on things.oid = conrelid
union all
select 'trigger', name, pg_get_triggerdef(t.oid), tgenabled::text, '', '', '', '', ''
  from pg_trigger t join things on things.oid = tgrelid where not tgisinternal
union all
select 'policy', name, polname, polcmd::text, pg_get_expr(polqual, polrelid),
       pg_get_expr(polwithcheck, polrelid), polroles::regrole[]::text, '', ''
  from pg_policy join things on things.oid = polrelid
union all
select 'function', p.oid::regprocedure::text, pg_get_functiondef(p.oid), proacl::text, '', '', '', '', ''
  from pg_proc p join spaces on spaces.oid = pronamespace
union all
select 'type', nspname || '.' || typname, typtype::text, typacl::text,
       (select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum where enumtypid = t.oid),
       '', '', '', ''
  from pg_type t join spaces on spaces.oid = typnamespace where typname !~ '^_?_yoyo|^_?migration_hashes'
"""

Write = Callable[..., Path]


def unhurried(_: float) -> None:
    raise AssertionError("nothing was to be waited for")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write migrations into a folder of the test's own, each depending on the one before it."""
    names: list[str] = []

    def write(name: str, text: str, undo: str = "", *, headers: str = "") -> Path:
        depends = f"-- depends: {' '.join(names[-1:])}\n"
        (tmp_path / f"{name}.sql").write_text(depends + headers + text)
        (tmp_path / f"{name}.rollback.sql").write_text(undo)
        names.append(name)
        return tmp_path

    return write


@pytest.fixture
def sql(empty_database_url: str) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        yield connection


def schema(connection: "psycopg.Connection[Any]") -> set[str]:
    return {str(row) for row in connection.execute(SCHEMA).fetchall()}


def start(url: str, folder: Path, *, lock_seconds: float = 2) -> "subprocess.Popen[str]":
    """Migrate in a process of its own, which prints what it applied."""
    call = f"migrate({url!r}, directory=Path({str(folder)!r}), lock_seconds={lock_seconds})"
    code = f"from pathlib import Path; from worker.migrate import migrate; print(*{call})"
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_every_migration_has_a_rollback_and_says_what_it_depends_on() -> None:
    assert [file.path.name for file in FILES if not (file.rollback or "").strip()] == []
    assert [file.path.name for file in FILES if file.depends is None] == []
    assert [file.id[:4] for file in FILES] == [f"{number:04}" for number in range(1, len(FILES) + 1)]


def test_the_migrations_have_one_head() -> None:
    needed = frozenset[str]().union(*(file.depends or () for file in FILES))

    assert [file.id for file in FILES if file.id not in needed] == [FILES[-1].id]


def test_a_fresh_database_gets_every_migration_once(
    empty_database_url: str, sql: "psycopg.Connection[Any]"
) -> None:
    assert migrate(empty_database_url, sleep=unhurried) == [file.id for file in FILES]
    once = schema(sql)
    assert migrate(empty_database_url, sleep=unhurried) == []
    assert schema(sql) ^ once == set()
    assert drift(empty_database_url) == []


def test_every_step_back_leaves_the_schema_that_stood_before_it(
    empty_database_url: str, sql: "psycopg.Connection[Any]", tmp_path: Path
) -> None:
    stages = [schema(sql)]
    for file in FILES:
        (tmp_path / file.path.name).write_text(file.text)
        assert migrate(empty_database_url, directory=tmp_path) == [file.id]
        stages.append(schema(sql))

    for number in reversed(range(len(FILES))):
        assert rollback(empty_database_url, 1) == [FILES[number].id]
        assert schema(sql) ^ stages[number] == set()

    migrate(empty_database_url)
    assert schema(sql) ^ stages[-1] == set()
    assert len(set(map(len, stages))) > 1


def test_a_file_is_sent_as_it_stands(
    empty_database_url: str, write: Write, sql: "psycopg.Connection[Any]"
) -> None:
    folder = write(
        "0001-function",
        """
        create function odd(n int) returns boolean language plpgsql as $body$
        declare said text := $$a; b$$;  -- a ; in a comment, and 'quotes
        begin
            if n % 2 = 1 then return format('%s;', said) like 'a%;'; end if;
            begin perform 1 / n; exception when division_by_zero then return null; end;
            return false;
        end $body$;
        do $$ begin create table made (note text default '%(x)s :y ; {z}'); end $$;
        insert into made default values; select note from made;
        """,
    )

    migrate(empty_database_url, directory=folder)

    assert sql.execute("select odd(3), odd(0), odd(2), note from public.made").fetchall() == [
        (True, None, False, "%(x)s :y ; {z}")
    ]


def test_what_must_not_run_in_a_transaction_runs_outside_one(
    empty_database_url: str, write: Write, sql: "psycopg.Connection[Any]"
) -> None:
    write("0001-table", "create table t (a int, b int);")
    folder = write(
        "0002-indexes",
        "create index concurrently a on t (a);\ncreate index concurrently b on t (b);",
        "drop index a, b;",
        headers="-- transactional: false\n",
    )

    assert migrate(empty_database_url, directory=folder) == ["0001-table", "0002-indexes"]
    assert sql.execute(
        "select count(*) from pg_index where indisvalid and indrelid = 't'::regclass"
    ).fetchone() == (2,)
    assert rollback(empty_database_url, 1, directory=folder) == ["0002-indexes"]


def test_rolling_back_goes_newest_first_and_ends_at_the_beginning(
    empty_database_url: str, write: Write
) -> None:
    write("0001-a", "create table a ();", "drop table a;")
    folder = write("0002-b", "create table b ();", "drop table b;")
    migrate(empty_database_url, directory=folder)

    assert rollback(empty_database_url, 5, directory=folder) == ["0002-b", "0001-a"]
    assert rollback(empty_database_url, 1, directory=folder) == []
    assert [status.applied_at for status in listing(empty_database_url, directory=folder)] == [None, None]
    with pytest.raises(UserError, match="1 or more"):
        rollback(empty_database_url, 0, directory=folder)


def test_a_newer_database_is_not_rolled_back_by_an_older_version(
    empty_database_url: str, write: Write
) -> None:
    write("0001-a", "create table a ();", "drop table a;")
    folder = write("0002-b", "create table b ();", "drop table b;")
    migrate(empty_database_url, directory=folder)
    (folder / "0002-b.sql").unlink()

    with pytest.raises(UserError, match="migrations that this version does not"):
        rollback(empty_database_url, 1, directory=folder)


def test_drift_is_named_in_its_three_forms(empty_database_url: str, write: Write) -> None:
    write("0001-kept", "create table a ();")
    write("0002-gone", "create table b ();")
    folder = write("0003-changed", "create table c ();")
    migrate(empty_database_url, directory=folder)
    assert drift(empty_database_url, directory=folder) == []

    (folder / "0002-gone.sql").unlink()
    (folder / "0003-changed.sql").write_text("create table c (d int);")
    (folder / "0004-new.sql").write_text("create table e ();")

    found = drift(empty_database_url, directory=folder)
    assert found == [
        Drift("0002-gone", Difference.NOT_IN_FOLDER),
        Drift("0003-changed", Difference.CHANGED),
        Drift("0004-new", Difference.NOT_APPLIED),
    ]
    assert str(found[1]) == "migration 0003-changed was changed after it was applied"
    applied = {
        status.migration_id: status.applied_at is not None
        for status in listing(empty_database_url, directory=folder)
    }
    assert applied == {"0001-kept": True, "0002-gone": True, "0003-changed": True, "0004-new": False}


def test_looking_at_an_empty_database_makes_nothing_in_it(
    empty_database_url: str, sql: "psycopg.Connection[Any]"
) -> None:
    assert {one.difference for one in drift(empty_database_url)} == {Difference.NOT_APPLIED}
    assert sql.execute("select to_regnamespace('worker')").fetchone() == (None,)


def test_a_refused_migration_names_its_line_and_leaves_nothing(empty_database_url: str, write: Write) -> None:
    write("0001-good", "create table a ();")
    folder = write("0002-bad", "create table b ();\n\ninsert into nowhere values (1);")

    with pytest.raises(
        MigrationFailed, match=r'0002-bad\.sql was refused, line 4: relation "nowhere" does not'
    ):
        migrate(empty_database_url, directory=folder, sleep=unhurried)

    (folder / "0002-bad.sql").write_text("-- depends: 0001-good\ncreate table b ();")
    assert migrate(empty_database_url, directory=folder) == ["0002-bad"]


def test_two_processes_that_migrate_at_once_both_succeed(empty_database_url: str, write: Write) -> None:
    for number in range(1, 6):
        folder = write(f"000{number}-t", f"create table t{number} ();")
    both = [start(empty_database_url, folder) for _ in range(2)]
    said = [process.communicate(timeout=30)[0].split() for process in both]

    assert [process.returncode for process in both] == [0, 0]
    assert sorted(said, key=len) == [[], [f"000{number}-t" for number in range(1, 6)]]


def test_a_lock_row_left_by_a_dead_yoyo_needs_no_hand(
    empty_database_url: str, write: Write, sql: "psycopg.Connection[Any]"
) -> None:
    sql.execute("create schema worker")
    sql.execute("create table worker.yoyo_lock (locked int primary key, ctime timestamp, pid int not null)")
    sql.execute("insert into worker.yoyo_lock values (1, now(), 1)")

    assert migrate(empty_database_url, directory=write("0001-a", "create table a ();"), sleep=unhurried) == [
        "0001-a"
    ]
    assert sql.execute("select count(*) from worker.yoyo_lock").fetchone() == (0,)


def test_a_table_that_is_locked_is_tried_again_until_it_is_free(
    empty_database_url: str, write: Write, sql: "psycopg.Connection[Any]"
) -> None:
    folder = write("0001-a", "create table a ();")
    migrate(empty_database_url, directory=folder)
    sql.execute("begin; lock table a in access share mode")
    folder = write("0002-b", "create table first (); alter table a add b int;")
    pauses: list[float] = []

    def wait(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            sql.execute("commit")

    assert migrate(empty_database_url, directory=folder, sleep=wait, lock_seconds=0.05) == ["0002-b"]
    assert pauses == [2, 4]


def test_a_table_that_stays_locked_ends_in_an_error_and_changes_nothing(
    empty_database_url: str, write: Write, sql: "psycopg.Connection[Any]"
) -> None:
    folder = write("0001-a", "create table a ();")
    migrate(empty_database_url, directory=folder)
    sql.execute("begin; lock table a in access share mode")
    folder = write("0002-b", "create table first (); alter table a add b int;")
    pauses: list[float] = []

    with pytest.raises(
        Unavailable, match="tried 4 times to migrate: canceling statement due to lock timeout"
    ):
        migrate(empty_database_url, directory=folder, sleep=pauses.append, lock_seconds=0.05)

    assert pauses == [2, 4, 8]
    assert sql.execute("select to_regclass('first')").fetchone() == (None,)


def test_a_migration_waits_two_seconds_for_a_lock_and_no_longer(
    empty_database_url: str, write: Write, sql: "psycopg.Connection[Any]"
) -> None:
    text = "create table seen as select current_setting('lock_timeout'), current_setting('search_path') as b;"
    migrate(empty_database_url, directory=write("0001-a", text))

    assert sql.execute("select * from public.seen").fetchall() == [("2s", "public")]


def test_waiting_for_another_process_has_an_end(
    empty_database_url: str, write: Write, sql: "psycopg.Connection[Any]"
) -> None:
    sql.execute("select pg_advisory_lock(%s)", (int.from_bytes(b"mintmark", "big"),))
    pauses: list[float] = []

    with pytest.raises(Unavailable, match="another process has been migrating this database for 60 s"):
        migrate(empty_database_url, directory=write("0001-a", "create table a ();"), sleep=pauses.append)

    assert pauses == [1] * 60


def test_a_process_killed_in_the_middle_leaves_what_the_next_one_migrates(
    empty_database_url: str, write: Write, sql: "psycopg.Connection[Any]"
) -> None:
    write("0001-a", "create table a ();", "drop table a;")
    folder = write("0002-b", "create table b (); select pg_advisory_xact_lock(42); create table c ();")
    sql.execute("select pg_advisory_lock(42)")
    waiting = """select count(*) from pg_locks join pg_database d on d.oid = database
                  where datname = current_database() and objid = 42 and not granted"""
    others = (
        "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    )

    with start(empty_database_url, folder, lock_seconds=60) as process:
        while sql.execute(waiting).fetchone() == (0,):
            assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
    while sql.execute(others).fetchone() != (0,):
        pass  # The server sees within a second that nobody is there any more.

    sql.execute("select pg_advisory_unlock(42)")
    assert sql.execute("select to_regclass('a') is null, to_regclass('b') is null").fetchone() == (
        False,
        True,
    )
    assert migrate(empty_database_url, directory=folder, sleep=unhurried) == ["0002-b"]


def test_a_database_that_does_not_answer_is_tried_four_times_and_named_without_its_password() -> None:
    pauses: list[float] = []

    with pytest.raises(Unavailable, match="Connection refused") as caught:
        migrate("postgresql://me:p%40ss%2Fword@127.0.0.1:1/mintmark", sleep=pauses.append)

    assert pauses == [2, 4, 8]
    assert "p@ss/word" not in str(caught.value)
    with pytest.raises(Unavailable, match="does not answer"):
        drift("postgresql://me:p%40ss%2Fword@127.0.0.1:1/mintmark")


@pytest.mark.parametrize("password", ["hunter2@x", "hunter2/x", "hunter2?x", "hunter2%x", "x@hunter2"])
def test_a_password_that_is_not_escaped_is_refused_and_not_shown(password: str) -> None:
    with pytest.raises(BadSettings, match="write special characters of the password as %40") as caught:
        migrate(f"postgresql://me:{password}@127.0.0.1:1/mintmark", sleep=unhurried)

    assert "hunter2" not in str(caught.value)


def test_a_badly_named_or_misplaced_file_is_refused(write: Write) -> None:
    folder = write("0001-a", "")
    (folder / "2-b.sql").write_text("")
    with pytest.raises(UserError, match=r"2-b\.sql is not named like a migration"):
        migration_files(folder)

    (folder / "2-b.sql").unlink()
    (folder / "0002-b.sql").write_text("-- depends: 0003-c\n")
    with pytest.raises(UserError, match=r"0002-b\.sql depends on 0003-c: there is no such earlier file"):
        migration_files(folder)


def test_line_endings_are_no_change(tmp_path: Path) -> None:
    def written(text: bytes) -> MigrationFile:
        (tmp_path / "0001-a.sql").write_bytes(text)
        return migration_files(tmp_path)[0]

    assert (
        written(b"-- depends:\nselect 1;\n").content_hash
        == written(b"-- depends:\r\nselect 1;\r\n").content_hash
    )
    assert written(b"select 1;").content_hash != written(b"select 2;").content_hash
