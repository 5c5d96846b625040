-- The tables of Confluence Data Center that Seatkeeper reads, with the columns it needs and a few it must not need.
CREATE TABLE user_mapping (
    user_key varchar(255) PRIMARY KEY,
    username varchar(255) NOT NULL,
    lower_username varchar(255) UNIQUE
);
CREATE TABLE logininfo (
    id bigint PRIMARY KEY,
    curfailed int,
    totalfailed int,
    successdate timestamp,
    prevsuccessdate timestamp,
    faileddate timestamp,
    username varchar(255) NOT NULL
);
CREATE TABLE cwd_directory (
    id bigint PRIMARY KEY,
    directory_name varchar(255) NOT NULL,
    lower_directory_name varchar(255) NOT NULL,
    active char(1) NOT NULL,
    directory_type varchar(32) NOT NULL
);
CREATE TABLE cwd_directory_attribute (
    directory_id bigint NOT NULL REFERENCES cwd_directory,
    attribute_name varchar(255) NOT NULL,
    attribute_value varchar(4000)
);
CREATE TABLE cwd_directory_operation (
    directory_id bigint NOT NULL REFERENCES cwd_directory,
    operation_type varchar(32) NOT NULL
);
CREATE TABLE cwd_app_dir_mapping (
    id bigint PRIMARY KEY,
    application_id bigint NOT NULL,
    directory_id bigint NOT NULL REFERENCES cwd_directory,
    allow_all char(1) NOT NULL,
    list_index int
);
CREATE TABLE cwd_user (
    id bigint PRIMARY KEY,
    user_name varchar(255) NOT NULL,
    lower_user_name varchar(255) NOT NULL,
    active char(1) NOT NULL,
    created_date timestamp,
    email_address varchar(255),
    directory_id bigint NOT NULL REFERENCES cwd_directory,
    credential varchar(255)
);
CREATE TABLE cwd_user_attribute (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES cwd_user,
    directory_id bigint NOT NULL,
    attribute_name varchar(255) NOT NULL,
    attribute_value varchar(255),
    attribute_lower_value varchar(255)
);
CREATE TABLE cwd_group (
    id bigint PRIMARY KEY,
    group_name varchar(255) NOT NULL,
    lower_group_name varchar(255) NOT NULL,
    active char(1) NOT NULL,
    local char(1) NOT NULL,
    group_type varchar(32) NOT NULL,
    directory_id bigint NOT NULL REFERENCES cwd_directory
);
CREATE TABLE cwd_membership (
    id bigint PRIMARY KEY,
    parent_id bigint NOT NULL REFERENCES cwd_group,
    child_group_id bigint REFERENCES cwd_group,
    child_user_id bigint REFERENCES cwd_user
);
CREATE TABLE spacepermissions (
    permid bigint PRIMARY KEY,
    spaceid bigint,
    permtype varchar(255) NOT NULL,
    permgroupname varchar(255),
    permusername varchar(255),
    permalluserssubject varchar(255),
    creator varchar(255)
);
CREATE INDEX ON cwd_user (lower_user_name);
CREATE INDEX ON cwd_user_attribute (user_id);
CREATE INDEX ON cwd_membership (child_user_id);
