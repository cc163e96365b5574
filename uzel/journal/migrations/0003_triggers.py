"""NOTIFY on each event at commit; the audit trail refuses to be changed."""

from django.db import migrations

NOTIFY = """
CREATE FUNCTION journal_event_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('uzel_event', NEW.id || ' ' || NEW.name);
  RETURN NULL;
END $$;
CREATE TRIGGER journal_event_notify AFTER INSERT ON journal_event
  FOR EACH ROW EXECUTE FUNCTION journal_event_notify();
"""

APPEND_ONLY = """
CREATE FUNCTION journal_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER journal_audit_append_only BEFORE UPDATE OR DELETE ON journal_auditrecord
  FOR EACH ROW EXECUTE FUNCTION journal_audit_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("journal", "0002_initial")]

    operations = [
        migrations.RunSQL(
            NOTIFY,
            "DROP TRIGGER journal_event_notify ON journal_event; DROP FUNCTION journal_event_notify();",
        ),
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP TRIGGER journal_audit_append_only ON journal_auditrecord; DROP FUNCTION journal_audit_append_only();",
        ),
    ]
