"""Run by Alembic: the connection comes from `classroom.proxy.books.database`."""

from alembic import context

from classroom.proxy.books.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
