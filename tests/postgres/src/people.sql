-- Directories. Confluence is application 1; a Jira that uses Confluence as its user server is application 2 and has an
-- order of its own.
INSERT INTO cwd_directory (id, directory_name, lower_directory_name, active, directory_type) VALUES
    (10, 'Confluence Internal Directory', 'confluence internal directory', 'T', 'INTERNAL'),
    (20, 'Corporate LDAP', 'corporate ldap', 'T', 'CONNECTOR'),
    (30, 'Partners', 'partners', 'T', 'CONNECTOR'),
    (40, 'Old LDAP', 'old ldap', 'F', 'CONNECTOR'),
    (50, 'Jira users', 'jira users', 'T', 'CROWD');
INSERT INTO cwd_app_dir_mapping (id, application_id, directory_id, allow_all, list_index) VALUES
    (1, 1, 40, 'T', 0), (2, 1, 20, 'T', 1), (3, 1, 30, 'T', 2), (4, 1, 10, 'T', 3),
    (5, 2, 10, 'T', 0), (6, 2, 50, 'T', 1);
INSERT INTO cwd_directory_operation (directory_id, operation_type) VALUES
    (10, 'CREATE_USER'), (10, 'UPDATE_USER'), (10, 'DELETE_USER'), (10, 'UPDATE_GROUP'), (10, 'CREATE_GROUP'),
    (20, 'UPDATE_USER_ATTRIBUTE'),
    (30, 'CREATE_GROUP'), (30, 'UPDATE_GROUP'), (30, 'DELETE_GROUP'), (30, 'UPDATE_USER_ATTRIBUTE');
INSERT INTO cwd_directory_attribute (directory_id, attribute_name, attribute_value) VALUES
    (20, 'ldap.local.groups', 'false'), (30, 'ldap.local.groups', 'true');

INSERT INTO cwd_group (id, group_name, lower_group_name, active, local, group_type, directory_id) VALUES
    (110, 'Confluence-Users', 'confluence-users', 'T', 'T', 'GROUP', 10),
    (111, 'confluence-administrators', 'confluence-administrators', 'T', 'T', 'GROUP', 10),
    (112, 'everybody', 'everybody', 'T', 'T', 'GROUP', 10),
    (120, 'confluence-users', 'confluence-users', 'T', 'F', 'GROUP', 20),
    (121, 'department', 'department', 'T', 'F', 'GROUP', 20),
    (122, 'confluence-guests', 'confluence-guests', 'T', 'T', 'GROUP', 20),
    (130, 'confluence-users', 'confluence-users', 'T', 'F', 'GROUP', 30),
    (131, 'confluence-guests', 'confluence-guests', 'T', 'T', 'GROUP', 30);
-- Everybody of the department has a seat through it.
INSERT INTO cwd_membership (id, parent_id, child_group_id) VALUES (1000, 120, 121);

-- One account: key, name, id, directory, active, created.
INSERT INTO user_mapping (user_key, username, lower_username) VALUES
    ('k-alice', 'alice', 'alice'), ('k-nora', 'nora', 'nora'), ('k-bob', 'Bob', 'bob'), ('k-carl', 'carl', 'carl'),
    ('k-dora', 'dora', 'dora'), ('k-emil', 'emil', 'emil'), ('k-fred', 'fred', 'fred'), ('k-gina', 'gina', 'gina'),
    ('k-hans', 'hans', 'hans'), ('k-ida', 'ida', 'ida'), ('k-jack', 'jack', 'jack'), ('k-kim', 'kim', 'kim'),
    ('k-lara', 'lara', 'lara'), ('k-mia', 'Mia', 'mia'), ('k-oneil', 'o''neil', 'o''neil'), ('k-zoe', 'Zoë', 'zoë'),
    ('k-uma', 'uma', 'uma'), ('k-vera', 'vera', 'vera'), ('k-will', 'will', 'will'), ('k-ghost', 'ghost', 'ghost'),
    ('k-old', 'old', 'old'), ('k-left', 'left', 'left'), ('k-deleted', 'k-deleted', NULL);
INSERT INTO cwd_user (id, user_name, lower_user_name, active, created_date, email_address, directory_id, credential)
VALUES
    (1, 'alice', 'alice', 'T', '2024-02-29 08:00:00', 'alice@example.com', 10, '{PKCS5S2}secret'),
    -- Never logged in: no row in logininfo, no attribute, not even a date of creation.
    (2, 'nora', 'nora', 'T', NULL, '  ', 10, NULL),
    -- In two directories: the corporate one comes first, the internal account is a shadow, active or not.
    (3, 'Bob', 'bob', 'T', '2023-01-01 00:00:00', 'bob@corp.example.com', 20, NULL),
    (4, 'bob', 'bob', 'T', '2020-01-01 00:00:00', 'bob@example.com', 10, NULL),
    (5, 'carl', 'carl', 'T', '2023-01-01 00:00:00', 'carl@corp.example.com', 20, NULL),
    (6, 'carl', 'carl', 'F', '2020-01-01 00:00:00', 'carl@example.com', 10, NULL),
    -- First in a directory that is switched off, which counts for nothing.
    (7, 'dora', 'dora', 'T', '2019-01-01 00:00:00', 'dora@old.example.com', 40, NULL),
    (8, 'dora', 'dora', 'T', '2021-01-01 00:00:00', 'dora@example.com', 10, NULL),
    -- Seconds, garbage and nothing instead of milliseconds.
    (9, 'emil', 'emil', 'T', '2022-01-01 00:00:00', 'emil@example.com', 10, NULL),
    (10, 'fred', 'fred', 'T', '2022-01-01 00:00:00', 'fred@example.com', 10, NULL),
    (11, 'gina', 'gina', 'T', '2022-01-01 00:00:00', 'gina@example.com', 10, NULL),
    -- A read-only directory with local groups: hans in a local one, ida in a synchronised one.
    (12, 'hans', 'hans', 'T', '2022-01-01 00:00:00', 'hans@partner.example.com', 30, NULL),
    (13, 'ida', 'ida', 'T', '2022-01-01 00:00:00', 'ida@partner.example.com', 30, NULL),
    -- A read-only directory: jack is in a local group of it all the same, kim is not, lara only through a group.
    (14, 'jack', 'jack', 'T', '2022-01-01 00:00:00', 'jack@corp.example.com', 20, NULL),
    (15, 'kim', 'kim', 'T', '2022-01-01 00:00:00', 'kim@corp.example.com', 20, NULL),
    (16, 'lara', 'lara', 'T', '2022-01-01 00:00:00', 'lara@corp.example.com', 20, NULL),
    -- Names with capitals, quotes and letters beyond ASCII.
    (17, 'Mia', 'mia', 'T', '2022-01-01 00:00:00', 'Mia@example.com', 10, NULL),
    (18, 'o''neil', 'o''neil', 'T', '2022-01-01 00:00:00', 'o''neil@example.com', 10, NULL),
    (19, 'Zoë', 'zoë', 'T', '2022-01-01 00:00:00', 'zoe@example.com', 10, NULL),
    -- Logged in during the hour that the end of daylight saving has twice.
    (20, 'uma', 'uma', 'T', '2026-03-29 02:30:00', 'uma@example.com', 10, NULL),
    -- Dates that are not dates.
    (21, 'vera', 'vera', 'T', 'infinity', 'vera@example.com', 10, NULL),
    -- Deactivated.
    (22, 'will', 'will', 'F', '2022-01-01 00:00:00', 'will@example.com', 10, NULL),
    -- Known to Jira only; in a switched-off directory only; without a user key.
    (23, 'ghost', 'ghost', 'T', '2022-01-01 00:00:00', 'ghost@example.com', 50, NULL),
    (24, 'old', 'old', 'T', '2022-01-01 00:00:00', 'old@example.com', 40, NULL),
    (25, 'unknown', 'unknown', 'T', '2022-01-01 00:00:00', 'unknown@example.com', 10, NULL);
-- The column named username holds the key. alice has two rows, and one without a success.
INSERT INTO logininfo (id, curfailed, totalfailed, successdate, prevsuccessdate, faileddate, username) VALUES
    (1, 0, 0, '2026-10-01 10:00:00.5', '2026-09-01 10:00:00', NULL, 'k-alice'),
    (2, 0, 0, '2025-01-01 10:00:00', NULL, NULL, 'k-alice'),
    (3, 3, 3, NULL, NULL, '2026-11-01 10:00:00', 'k-alice'),
    (4, 0, 0, '2026-01-15 12:00:00', NULL, NULL, 'k-bob'),
    (5, 0, 0, '2026-10-25 02:30:00', NULL, NULL, 'k-uma'),
    (6, 0, 0, 'infinity', NULL, NULL, 'k-vera'),
    (7, 0, 0, '2026-11-01 00:00:00', NULL, NULL, 'k-deleted'),
    -- A name where the key belongs is somebody else's row.
    (8, 0, 0, '2026-11-20 00:00:00', NULL, NULL, 'nora');
INSERT INTO cwd_user_attribute (id, user_id, directory_id, attribute_name, attribute_value, attribute_lower_value) VALUES
    (1, 1, 10, 'lastAuthenticated', '1795435200000', '1795435200000'),
    (2, 1, 10, 'passwordLastChanged', '1795500000000', '1795500000000'),
    (3, 4, 10, 'lastAuthenticated', '1795000000000', '1795000000000'),
    (4, 3, 20, 'lastAuthenticated', '1790000000000', '1790000000000'),
    (5, 9, 10, 'lastAuthenticated', '1795435200', '1795435200'),
    (6, 10, 10, 'lastAuthenticated', 'not a number', 'not a number'),
    (7, 11, 10, 'lastAuthenticated', '', ''),
    (8, 22, 10, 'lastAuthenticated', NULL, NULL);
INSERT INTO cwd_membership (id, parent_id, child_user_id) VALUES
    (1, 110, 1), (2, 111, 1), (3, 112, 1), (4, 110, 2), (5, 120, 3), (6, 110, 4), (7, 120, 5), (8, 110, 8),
    (9, 110, 9), (10, 110, 10), (11, 110, 11), (12, 131, 12), (13, 130, 13), (14, 131, 13), (15, 122, 14), (16, 120, 15),
    (17, 121, 16), (18, 110, 17), (19, 110, 18), (20, 110, 19), (21, 110, 20), (22, 110, 21), (23, 110, 22);

-- Global permissions; one of a space, and one of anonymous visitors, are none of ours.
INSERT INTO spacepermissions (permid, spaceid, permtype, permgroupname, permusername, permalluserssubject) VALUES
    (1, NULL, 'USECONFLUENCE', 'confluence-users', NULL, NULL),
    (2, NULL, 'USECONFLUENCE', NULL, 'k-alice', NULL),
    (3, NULL, 'ADMINISTRATECONFLUENCE', 'confluence-administrators', NULL, NULL),
    (4, NULL, 'SYSTEMADMINISTRATOR', 'confluence-administrators', NULL, NULL),
    (5, NULL, 'CREATESPACE', 'space-creators', NULL, NULL),
    (6, 99, 'USECONFLUENCE', 'of-a-space', NULL, NULL),
    (7, NULL, 'USECONFLUENCE', NULL, NULL, 'anonymous');
