"""How Alembic runs a revision here: on the connection it is given, inside the transaction that connection is in."""

from alembic import context

from engine.database.migrate import SCHEMA


def only_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Autogenerate looks at our schema alone: the database may hold other people's."""
    return kind != "schema" or name == SCHEMA


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes.get("metadata"),
    version_table_schema=SCHEMA,
    include_schemas=True,
    include_name=only_ours,
    compare_type=True,
)
context.run_migrations()
